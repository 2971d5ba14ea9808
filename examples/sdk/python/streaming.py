"""The shop as a streaming subscriber: the same step, in a program without a port."""
import contextlib
import json
import time
import traceback

from dapr.clients import DaprClient
from dapr.clients.grpc._request import TransactionalStateOperation


def ship(dapr, message):
    order = json.loads(message.raw_data())  # data() is None where the content type has a charset.
    stock = dapr.get_state("statestore", f"stock-{order['item']}")
    if not stock.etag:
        raise LookupError(f"there is no stock of {order['item']}")
    left = json.loads(stock.data) - order["count"]
    dapr.execute_state_transaction(
        "statestore",
        [
            TransactionalStateOperation(key=f"stock-{order['item']}", data=json.dumps(left), etag=stock.etag),
            TransactionalStateOperation(key=f"order-{order['id']}", data=json.dumps(order)),
        ],
        {"darq.token": message.extensions()["darqtoken"], "darq.emit": json.dumps([{"topic": "shipped", "data": order}])},
    )


def handle(dapr):
    with contextlib.closing(dapr.subscribe("pubsub", "orders", metadata={"requireStep": "true"})) as orders:
        for message in orders:
            # The stream broke and the SDK opened it again, but it would lose the next answer: only a new subscription loses none.
            if message is None:
                return
            try:
                ship(dapr, message)
                orders.respond_success(message)
            except Exception:
                traceback.print_exc()
                orders.respond_retry(message)


with DaprClient() as dapr:
    while True:
        try:
            handle(dapr)
        except Exception:  # The sidecar is away.
            traceback.print_exc()
            time.sleep(1)
