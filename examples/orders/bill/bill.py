"""Writes what a customer has to pay on the bill: 5 for each piece. Python's standard library is enough."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

DAPR = f"http://localhost:{os.environ['DAPR_HTTP_PORT']}/v1.0/state/books"
SUBSCRIPTION = {"pubsubname": "shop", "topic": "reserved", "route": "/reserved", "metadata": {"requireStep": "true"}}


def bill(order, token):
    key = f"bill-{order['customer']}"
    with urlopen(f"{DAPR}/{key}") as read:
        # The etag guards what was read; "absent" says that there must still be no bill.
        etag = (read.headers["etag"] or "absent").strip('"')
        owed = json.loads(read.read() or b"0")
    transaction = {
        "operations": [{"operation": "upsert", "request": {"key": key, "value": owed + 5 * order["count"], "etag": etag}}],
        "metadata": {
            "darq.token": token,
            "darq.emit": json.dumps([{"topic": "billed", "data": order, "key": order["customer"]}]),
        },
    }
    headers = {"content-type": "application/json"}
    urlopen(Request(f"{DAPR}/transaction", json.dumps(transaction).encode(), headers)).close()


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer([SUBSCRIPTION] if self.path == "/dapr/subscribe" else {})

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["content-length"])))
        try:
            bill(event["data"], self.headers["darq-token"])
            self.answer({"status": "SUCCESS"})
        except OSError as error:
            # Refused by the component, as where another has changed the bill, or no sidecar: it comes again.
            print(f"order {event['data']['id']} comes again: {error}", flush=True)
            self.answer({"status": "RETRY"})

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["APP_PORT"])), App).serve_forever()
