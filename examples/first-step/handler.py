"""Moves money from one account to another. The answer to a message is its step."""
import json
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCOUNTS = "http://localhost:3500/v1.0/state/ledger/bulk"


def step(transfer):
    change = {transfer["from"]: -transfer["amount"], transfer["to"]: transfer["amount"]}
    with urllib.request.urlopen(ACCOUNTS, json.dumps({"keys": list(change)}).encode()) as answer:
        read = json.load(answer)
    return {
        "state": [
            {"op": "upsert", "key": account["key"], "value": account.get("data", 0) + change[account["key"]]}
            # Only if nobody has changed it since it was read.
            | ({"etag": account["etag"]} if account.get("etag") else {"concurrency": "first-write"})
            for account in read
        ],
        "emit": [{"topic": "receipts", "data": transfer}],
    }


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(404)

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["content-length"])))
        try:
            status, answer = 200, json.dumps(step(event["data"]))
        except Exception as fault:  # The message comes again.
            status, answer = 500, str(fault)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer.encode())


ThreadingHTTPServer(("127.0.0.1", 8080), Handler).serve_forever()
