"""Ships orders. Each is one step: the order is consumed, the stock taken, the order written and the parcel announced, or none of it."""
import functools
import json
import logging
import os

from dapr.clients import DaprClient
from dapr.clients.grpc._request import TransactionalStateOperation
from dapr.ext.grpc import App, SubscriptionMessage

logging.basicConfig()  # Without it nobody sees what a handler raises.
app = App()
# Waits for the sidecar, which waits for this app's port: made with the first order, when the port is open.
dapr = functools.cache(DaprClient)


# Whatever it raises makes the message come again.
@app.subscribe(pubsub_name="pubsub", topic="orders", metadata={"requireStep": "true"})
def ship(event: SubscriptionMessage):
    order = json.loads(event.raw_data())  # data() is None where the content type has a charset.
    stock = dapr().get_state("statestore", f"stock-{order['item']}")
    if not stock.etag:
        raise LookupError(f"there is no stock of {order['item']}")
    left = json.loads(stock.data) - order["count"]
    dapr().execute_state_transaction(
        "statestore",
        [
            TransactionalStateOperation(key=f"stock-{order['item']}", data=json.dumps(left), etag=stock.etag),
            TransactionalStateOperation(key=f"order-{order['id']}", data=json.dumps(order)),
        ],
        {"darq.token": event.extensions()["darqtoken"], "darq.emit": json.dumps([{"topic": "shipped", "data": order}])},
    )


app.run(int(os.environ["APP_PORT"]))
