#!/usr/bin/env python3
"""Handles every transfer as one step: take the message, debit, credit, emit a receipt; all of it or nothing.

    ledger.py --sidecar PORT --port PORT

The step is a state transaction whose metadata names the delivery it consumes (`darq.token`) and what it emits
(`darq.emit`). The app keeps no memory that matters: it may be killed at any line of this file.

To show that this holds, it misbehaves on purpose, decided by the transfer's id: it fails before the step, fails after the
step took effect, or sends the same step twice.
"""
import argparse
import collections
import json
import threading
import zlib

import books
import sidecar

ATTEMPTS = 20  # Two transfers may meet on one account; the one that comes second reads again.


class Ledger:
    def __init__(self, port):
        self._sidecar = sidecar.Sidecar(port)
        self._lock = threading.Lock()
        self._seen = set()
        self._counts = collections.Counter(deliveries=0, again=0, failed=0, conflicts=0, repeated=0)

    def counts(self):
        with self._lock:
            return dict(self._counts)

    def handle(self, event, headers):
        transfer = event["data"]
        fault = self._fault(transfer["id"])
        if fault == "before":
            return 500
        if not self._step(transfer, headers["darq-token"], twice=fault == "twice"):
            return 500
        # The step took effect; whatever is answered now, it does not take effect again.
        return 500 if fault == "after" else 200

    def _fault(self, transfer_id):
        """What goes wrong on purpose at the first delivery of this transfer."""
        chance = zlib.crc32(transfer_id.encode()) % 100
        fault = {0: "before", 1: "after", 2: "twice"}.get(chance)
        with self._lock:
            self._counts["deliveries"] += 1
            if transfer_id in self._seen:
                self._counts["again"] += 1
                return None
            self._seen.add(transfer_id)
            if fault is not None:
                self._counts["repeated" if fault == "twice" else "failed"] += 1
        return fault

    def _step(self, transfer, token, twice):
        for _ in range(ATTEMPTS):
            operations = self._operations(transfer)
            metadata = {"darq.token": token, "darq.emit": json.dumps([self._receipt(transfer)])}
            status, answer = self._sidecar.transact("ledger", operations, metadata)
            if status < 300 and twice:
                # Word for word the same step: its etags are old now, yet its answer is that of the first.
                status, answer = self._sidecar.transact("ledger", operations, metadata)
            if status < 300:
                return True
            if "CONFLICT" not in answer:
                print(f"{transfer['id']}: {status} {answer}", flush=True)
                return False
            with self._lock:
                self._counts["conflicts"] += 1
        return False

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
    arguments = parser.parse_args()
    ledger = Ledger(arguments.sidecar)
    subscriptions = [{"pubsubname": "bank", "topic": "transfers", "route": "/transfers"}]
    sidecar.serve(arguments.port, subscriptions, {"/transfers": ledger.handle}, {"/counts": ledger.counts})


if __name__ == "__main__":
    main()
