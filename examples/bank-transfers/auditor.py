#!/usr/bin/env python3
"""Collects the receipts that the ledger's steps emit and notices any that should not exist.

    auditor.py --sidecar PORT --port PORT

Deliveries are at least once, so the same message may come twice; its id tells, and it counts once. Two different messages
for one transfer would mean that a step took effect twice.
"""
import argparse
import threading

import sidecar


class Auditor:
    def __init__(self):
        self._lock = threading.Lock()
        self._messages = set()
        self._receipts = {}  # transfer -> amount as written in its first receipt
        self._twice = []

    def handle(self, event, headers):
        receipt = event["data"]
        with self._lock:
            if headers["darq-id"] in self._messages:
                return 200
            self._messages.add(headers["darq-id"])
            if receipt["transfer"] in self._receipts:
                self._twice.append(receipt["transfer"])
            self._receipts.setdefault(receipt["transfer"], receipt["amount"])
        return 200

    def counts(self):
        with self._lock:
            return {"receipts": len(self._messages)}

    def receipts(self):
        with self._lock:
            return {"receipts": dict(self._receipts), "twice": list(self._twice)}


def main():
    parser = argparse.ArgumentParser(description="Collects receipts.")
    parser.add_argument("--sidecar", type=int, help="not called: an auditor only listens")
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    auditor = Auditor()
    subscriptions = [{"pubsubname": "bank", "topic": "receipts", "route": "/receipts"}]
    pages = {"/counts": auditor.counts, "/receipts": auditor.receipts}
    sidecar.serve(arguments.port, subscriptions, {"/receipts": auditor.handle}, pages)


if __name__ == "__main__":
    main()
