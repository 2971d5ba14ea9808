#!/usr/bin/env python3
"""The whole story of the demo; started by ./demo.sh, which provides the tools, the binaries and the clean-up.

1. Start Redis and three pods: teller, ledger, auditor.
2. Let the teller publish every transfer twice, and wait until the auditor has all receipts and nothing moves any more.
3. Recompute the books from the file alone and compare.
"""
import argparse
import json
import pathlib
import sys
import tempfile
import time
import urllib.request

import audit
import books
import generate
import pods
import sidecar
from progress import Progress

STALLED_SECONDS = 60
QUIET_SECONDS = 1


class Demo:
    def __init__(self, processes, file):
        self._processes = processes
        self._file = file
        self._transfers = books.read_transfers(file)

    def run(self):
        print("starting Redis and three pods (component + sidecar + app)", flush=True)
        self._start()
        print(f"publishing {len(self._transfers):,} transfers, each twice", flush=True)
        started = time.monotonic()
        stalled = self._wait_for_receipts()
        seconds = time.monotonic() - started
        teller, ledger, receipts = self._teller(), self._ask(self._ledger, "counts"), self._ask(self._auditor, "receipts")
        counted = audit.audit(self._redis)
        accounts = sorted(books.balances_after(self._transfers))
        balances = audit.read_balances(sidecar.Sidecar(self._ledger_sidecar), accounts)
        self._report(teller, ledger, counted, receipts, balances, seconds)
        wrong = list(audit.differences(self._transfers, teller, counted, receipts, balances))
        if stalled:
            wrong.insert(0, f"nothing moved for {STALLED_SECONDS} s")
        return self._verdict(wrong)

    def _start(self):
        self._redis = pods.start_redis(self._processes)
        self._auditor, _ = pods.start_pod(self._processes, "auditor", self._redis)
        self._ledger, self._ledger_sidecar = pods.start_pod(self._processes, "ledger", self._redis)
        sockets = pods.start_component(self._processes, "teller")
        port = self._processes.free_port()
        pods.start_sidecar(self._processes, "teller", sockets, self._redis, port)
        pods.start_app(self._processes, "teller", "--sidecar", port, "--file", self._file)

    def _wait_for_receipts(self):
        """Waits until all is done and nothing moves any more; true if it stalled before."""
        progress = Progress(len(self._transfers))
        last, since = None, time.monotonic()
        while True:
            self._processes.check("teller")
            now = (self._teller()["published"], self._ask(self._ledger, "counts"), self._ask(self._auditor, "counts")["receipts"])
            if now != last:
                last, since = now, time.monotonic()
            progress.show(now[0], now[2])
            still = time.monotonic() - since
            done = self._processes.exit_code("teller") == 0 and now[2] >= len(self._transfers)
            if done and still > QUIET_SECONDS or still > STALLED_SECONDS:
                progress.end()
                return not done
            time.sleep(0.2)

    def _teller(self):
        # The last line may be half written; a failed teller is noticed by its exit code.
        lines = (self._processes.folder / "teller.log").read_text().splitlines(keepends=True)
        whole = [line for line in lines if line.startswith("{") and line.endswith("}\n")]
        return json.loads(whole[-1]) if whole else {"published": 0, "repeats": 0}

    @staticmethod
    def _ask(port, page):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=30) as answer:
            return json.load(answer)

    def _report(self, teller, ledger, counted, receipts, balances, seconds):
        before = books.OPENING_CENTS * len(books.balances_after(self._transfers))
        rows = [
            ("transfers", f"{len(self._transfers):,}", "in the file"),
            ("published", f"{teller['published']:,}", "each one twice, on purpose"),
            ("duplicates suppressed", f"{counted['duplicates']:,}", "counted in Redis"),
            ("steps", f"{counted['steps']:,}", "message taken, debit, credit, receipt: all or nothing"),
            ("retries", f"{ledger['again']:,}", f"deliveries that came again; {ledger['failed']:,} handlers failed on purpose"),
            ("steps sent twice", f"{ledger['repeated']:,}", "on purpose; the second had no effect"),
            ("receipts", f"{len(receipts['receipts']):,}", "collected by the auditor"),
            ("sum before", books.money(before), ""),
            ("sum after", books.money(sum(balances.values())), "read through the state API"),
            ("seconds", f"{seconds:.1f}", f"{len(self._transfers) / seconds:,.0f} transfers a second"),
        ]
        print()
        for name, value, remark in rows:
            print(f"  {name:<22}{value:>16}   {remark}".rstrip())
        print()

    def _verdict(self, wrong):
        if not wrong:
            print("BOOKS BALANCE")
            return 0
        print(f"The last lines of every process:\n{self._processes.tails()}\n")
        for difference in wrong:
            print(f"WRONG: {difference}")
        return 1


def arguments():
    parser = argparse.ArgumentParser(prog="demo.sh", description="Bank transfers, each one atomic step.")
    parser.add_argument("--transfers", type=int, metavar="N", help="make up N transfers instead of reading transfers.csv")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="which ones (default 1)")
    parsed = parser.parse_args()
    if parsed.transfers is not None and parsed.transfers < 1:
        parser.error("--transfers must be at least 1")
    return parsed


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="d-") as name:
        folder = pathlib.Path(name)
        file = pods.EXAMPLE / "transfers.csv"
        if options.transfers is not None:
            file = folder / "transfers.csv"
            with open(file, "w", encoding="utf-8") as target:
                generate.write(target, generate.transfers(options.transfers, options.seed))
        processes = pods.Processes(folder)
        try:
            return Demo(processes, file).run()
        except pods.Stopped as reason:
            print(f"WRONG: {reason}")
            return 1
        finally:
            processes.stop()


if __name__ == "__main__":
    sys.exit(main())
