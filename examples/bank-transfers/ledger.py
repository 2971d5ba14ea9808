#!/usr/bin/env python3
"""Handles every transfer as one step: take the message, debit, credit, emit a receipt; all of it or nothing.

    ledger.py --sidecar PORT --port PORT --journal FILE [--think MS] [--without-token] [--without-require-step]

The step is a state transaction whose metadata names the delivery it consumes (`darq.token`) and what it emits
(`darq.emit`). The app keeps no memory that matters: it may be killed at any line of this file.

To show that this holds, it misbehaves on purpose, decided by the transfer's id: it fails before the step, fails after the
step took effect, or sends the same step twice. --think makes it slow, so that whoever kills it finds it at work.
--without-token leaves the token out: then the message and the money are two things, and every repetition pays again.
--without-require-step believes whoever acknowledges: then a sidecar that acknowledges what it never delivered loses a transfer.
"""
import argparse
import json
import threading
import time
import uuid
import zlib

import books
import sidecar
from journal import Journal

ATTEMPTS = 20  # Two transfers may meet on one account; the one that comes second reads again.
HANDLERS = 4  # A serial sidecar hands over one message at a time per subscription: `transfers~1` is a further stream of it.


class Ledger:
    def __init__(self, port, journal, think_seconds, with_token):
        self._sidecar = sidecar.Sidecar(port)
        self._journal = journal
        self._think_seconds, self._with_token = think_seconds, with_token
        self._lock = threading.Lock()
        self._seen = set()

    def handle(self, event, headers):
        transfer = event["data"]
        self._journal.write("delivered", transfer["id"])
        fault = self._fault(transfer["id"])
        outcome = "refused"
        try:
            outcome = "failed" if fault == "before" else self._step(transfer, headers["darq-token"], twice=fault == "twice")
        finally:
            self._journal.write(outcome, transfer["id"])
        # Half of the thinking comes before the step and half after it, so that a kill may hit both.
        time.sleep(self._think_seconds / 2)
        if outcome == "applied" and fault == "after":
            # The step took effect; whatever is answered now, it does not take effect again.
            self._journal.write("unsaid", transfer["id"])
            return 500
        return 200 if outcome == "applied" else 500

    def _fault(self, transfer_id):
        """What goes wrong on purpose at the first delivery of this transfer."""
        with self._lock:
            if transfer_id in self._seen:
                return None
            self._seen.add(transfer_id)
        return {0: "before", 1: "after", 2: "twice"}.get(zlib.crc32(transfer_id.encode()) % 100)

    def _step(self, transfer, token, twice):
        """The word for what became of the step."""
        for attempt in range(ATTEMPTS):
            operations = self._operations(transfer)
            if attempt == 0:
                self._journal.write("thinking", transfer["id"])
                time.sleep(self._think_seconds / 2)
            self._journal.write("sending", transfer["id"])
            status, answer = self._sidecar.transact("ledger", operations, self._metadata(transfer, token))
            if status < 300 and twice:
                # Word for word the same step: its etags are old now, yet its answer is that of the first.
                twice = False
                self._journal.write("repeated", transfer["id"])
                status, answer = self._sidecar.transact("ledger", operations, self._metadata(transfer, token))
            if status < 300:
                return "applied"
            if "FENCED" in answer:
                # Another replica holds the message by now, because this one was silent; it does what is to be done.
                return "fenced"
            if "CONFLICT" not in answer:
                print(f"{transfer['id']}: {status} {answer}", flush=True)
                return "refused"
            self._journal.write("conflict", transfer["id"])
        return "refused"

    def _metadata(self, transfer, token):
        """What the step consumes and emits. Without the token each sending is a step of its own, which consumes nothing."""
        emits = {"darq.emit": json.dumps([self._receipt(transfer)])}
        return emits | ({"darq.token": token} if self._with_token else {"darq.id": str(uuid.uuid4())})

    def _operations(self, transfer):
        found = self._sidecar.read_state("ledger", [transfer["from"], transfer["to"]])
        amount = books.cents(transfer["amount"])
        return [self._upsert(found, transfer["from"], -amount), self._upsert(found, transfer["to"], amount)]

    @staticmethod
    def _upsert(found, account, change):
        """A changed balance, valid only if nobody changed it in between; an account nobody used opens here."""
        balance, etag = found.get(account, (books.OPENING_CENTS, None))
        request = {"key": account, "value": balance + change, "options": {"concurrency": "first-write"}}
        if etag is not None:
            request["etag"] = etag
        return {"operation": "upsert", "request": request}

    @staticmethod
    def _receipt(transfer):
        receipt = {"transfer": transfer["id"], "from": transfer["from"], "to": transfer["to"], "amount": transfer["amount"]}
        return {"topic": "receipts", "data": receipt, "key": transfer["to"]}


def main():
    parser = argparse.ArgumentParser(description="Handles every transfer as one step.")
    parser.add_argument("--sidecar", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--journal", required=True, metavar="FILE", help="where every delivery and what became of it is written down")
    parser.add_argument("--think", type=int, default=0, metavar="MS", help="how long a handler takes beside its step")
    parser.add_argument("--without-token", action="store_true", help="take message and state apart, to see what goes wrong")
    parser.add_argument("--without-require-step", action="store_true", help="let an acknowledgement end a message, to see what goes wrong")
    arguments = parser.parse_args()
    journal = Journal(arguments.journal)
    journal.write("started")
    ledger = Ledger(arguments.sidecar, journal, arguments.think / 1000, not arguments.without_token)
    topics = ["transfers"] + [f"transfers~{number}" for number in range(1, HANDLERS)]
    # A transfer is done when its step took effect, whatever is acknowledged; without its token no step ever ends one.
    ends = {} if arguments.without_token or arguments.without_require_step else {"requireStep": "true"}
    subscriptions = [{"pubsubname": "bank", "topic": topic, "route": "/transfers", "metadata": ends} for topic in topics]
    sidecar.serve(arguments.port, subscriptions, {"/transfers": ledger.handle}, {})


if __name__ == "__main__":
    main()
