"""The shop over HTTP: the same step."""
import functools
import json
import os

import uvicorn
from dapr.clients import DaprClient
from dapr.clients.grpc._request import TransactionalStateOperation
from dapr.ext.fastapi import DaprApp
from fastapi import FastAPI, Request

app = FastAPI()
# Waits for the sidecar, which waits for this app's port: made with the first order, when the port is open.
dapr = functools.cache(DaprClient)


# Whatever it raises makes the message come again. Without `async`, because the client blocks.
@DaprApp(app).subscribe(pubsub="pubsub", topic="orders", metadata={"requireStep": "true"})
def ship(event: dict, request: Request):
    order = event["data"]
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
        {"darq.token": request.headers["darq-token"], "darq.emit": json.dumps([{"topic": "shipped", "data": order}])},
    )
    return {"status": "SUCCESS"}


uvicorn.run(app, host="127.0.0.1", port=int(os.environ["APP_PORT"]))
