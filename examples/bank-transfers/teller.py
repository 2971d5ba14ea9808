#!/usr/bin/env python3
"""Publishes every transfer of a file twice, as an app does that never learned whether its first attempt arrived.

    teller.py --sidecar PORT --file transfers.csv

Both copies carry the id of the transfer as `darq.id`, so that the second one is recognised, and the paying account as key,
so that the transfers of one account are handled in order. Progress goes to standard output as JSON lines.
"""
import argparse
import concurrent.futures
import itertools
import json
import sys
import threading
import time

import books
import sidecar

CONNECTIONS = 8
LAG = 40  # The second copy follows this many transfers after the first.
PATIENCE_SECONDS = 60


class Teller:
    def __init__(self, port, transfers):
        self._sidecar = sidecar.Sidecar(port)
        self._transfers = transfers
        self._lock = threading.Lock()
        self._published = 0
        self._repeats = 0  # Attempts after a refused one; the id makes them harmless.

    def run(self):
        with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
            for _ in pool.map(self._publish, self._twice()):
                pass
        self._say()

    def _twice(self):
        late = itertools.chain([None] * LAG, self._transfers)
        for now, then in itertools.zip_longest(self._transfers, late):
            yield from (transfer for transfer in (now, then) if transfer)

    def _publish(self, transfer):
        event = {name: transfer[name] for name in ("id", "from", "to", "amount", "currency", "time")}
        metadata = {"darq.id": transfer["id"], "partitionKey": transfer["from"]}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                status, answer = self._sidecar.publish("bank", "transfers", event, metadata)
            except OSError as fault:
                status, answer = 0, repr(fault)
            if status in (200, 204):
                break
            if time.monotonic() > deadline:
                raise SystemExit(f"publishing {transfer['id']} answers {status}: {answer}")
            with self._lock:
                self._repeats += 1
            time.sleep(0.1)
        with self._lock:
            self._published += 1
            say = self._published % 100 == 0
        if say:
            self._say()

    def _say(self):
        print(json.dumps({"published": self._published, "repeats": self._repeats}), flush=True)


def main():
    parser = argparse.ArgumentParser(description="Publishes every transfer of a file twice.")
    parser.add_argument("--sidecar", type=int, required=True)
    parser.add_argument("--file", required=True)
    arguments = parser.parse_args()
    Teller(arguments.sidecar, books.read_transfers(arguments.file)).run()


if __name__ == "__main__":
    sys.exit(main())
