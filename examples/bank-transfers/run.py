#!/usr/bin/env python3
"""The whole story of the demo; started by ./demo.sh, which provides the tools, the binaries and the clean-up.

1. Start Redis and four pods: a teller, two replicas of the ledger, an auditor.
2. Let the teller publish every transfer twice and the scheduled faults happen, until all is applied and nothing moves any more.
3. Recompute the books from the file alone and compare; a run whose faults struck nobody fails as well.
"""
import concurrent.futures
import pathlib
import shutil
import sys
import tempfile

import audit
import books
import chaos
import generate
import ledger
import options
import outcome
import report
import schedule
import watch
from pods import Pod, Redis
from processes import Processes, Stopped
from progress import Progress


class Demo:
    def __init__(self, processes, file, chosen):
        self._processes, self._chosen = processes, chosen
        self._transfers = books.read_transfers(file)
        self._planned = schedule.faults(chosen.seed, chosen.chaos, len(self._transfers))
        self._outcome = outcome.Outcome(self._transfers, chosen.seed)
        # Under `everysec` a killed Redis may lose what it had not written: up to 2 s while a flush is in progress.
        self._redis = Redis(processes, "always" if self._planned else "everysec")
        self._auditor = Pod(processes, "auditor", self._redis.port)
        self._teller = Pod(processes, "teller", self._redis.port, "--file", file, listens=False)
        self._ledgers = [
            Pod(processes, name, self._redis.port, *self._ledger_arguments(name), dispatch=self._dispatch(number))
            for number, name in enumerate(schedule.PODS)]
        self._progress = Progress(len(self._transfers))
        self._chaos = chaos.Chaos(self._planned, schedule.last_pause(len(self._transfers), chosen.concurrent), self._redis, self._ledgers, self._progress.say)

    def _ledger_arguments(self, name):
        handlers = ledger.HANDLERS * len(schedule.PODS) * (schedule.CONCURRENT_CALLS if self._chosen.concurrent else 1)
        think = schedule.think_milliseconds(len(self._planned), len(self._transfers), handlers)
        without = [f"--{name}" for name in ("without-token", "without-require-step") if getattr(self._chosen, name.replace("-", "_"))]
        return ["--journal", self._processes.folder / f"{name}.journal", "--think", think, *without]

    def _dispatch(self, number):
        """How the stand-in hands messages over: one after the other or at once, and whether it acknowledges falsely."""
        falsely = {"SIDECAR_FALSE_ACKNOWLEDGEMENTS": str(2 * self._chosen.seed + number)} if self._chosen.false_acks else {}
        return falsely | ({"SIDECAR_CONCURRENT": "1"} if self._chosen.concurrent else {})

    def run(self):
        try:
            self._start()
        except Stopped as reason:
            return self._verdict([str(reason)])
        try:
            wrong = self._watch()
        except Stopped as reason:
            wrong = [str(reason)]
            self._collect()
        else:
            self._collect()
            wrong += [*(self._outcome.silent or self._differences()), *audit.vacuities(self._planned, self._outcome.fired, self._outcome.journals)]
            wrong += self._false_acknowledgements()
        print(f"\n{report.table(report.numbers(self._outcome, not wrong), self._outcome.journals, not self._chosen.without_token)}\n")
        return self._verdict(wrong)

    def _start(self):
        print("starting Redis and four pods (component + sidecar + app)", flush=True)
        self._redis.start()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(Pod.start, [self._auditor, *self._ledgers]))
        if self._planned:
            print(f"seed {self._chosen.seed}, {len(self._planned)} faults:", *schedule.lines(self._planned), sep="\n", flush=True)
        print(f"publishing {len(self._transfers):,} transfers, each twice", flush=True)
        self._progress.start()
        self._teller.start()

    def _watch(self):
        """Waits until all is done and nothing moves any more; answers what ended it before, if anything did."""
        self._chaos.start()
        try:
            early = watch.watch(self._processes, self._redis, self._auditor, self._ledgers, self._chaos, self._progress, self._chosen.timeout)
            return [] if early is None else [early]
        finally:
            self._outcome.seconds = self._progress.end()
            self._chaos.end()
            self._outcome.fired = self._chaos.fired

    def _collect(self):
        self._outcome.collect(
            self._processes.log("teller"), [pod.journal for pod in self._ledgers], self._redis.port, self._auditor.app_port, self._ledgers[0].sidecar_port)

    def _false_acknowledgements(self):
        if not self._chosen.false_acks:
            return []
        count = sum(pod.false_acknowledgements() for pod in self._ledgers)
        print(f"\n{count} transfers were acknowledged by a sidecar that had no answer for them", flush=True)
        return [] if count else ["no sidecar acknowledged falsely, although --false-acks asks for it"]

    def _differences(self):
        found = self._outcome
        return audit.differences(found.transfers, found.teller, found.counted, found.receipts, found.balances)

    def _verdict(self, wrong):
        if self._chosen.json is not None:
            report.write(self._chosen.json, report.numbers(self._outcome, not wrong))
        if not wrong:
            print("BOOKS BALANCE")
            return 0
        print(f"The last lines of every process:\n{self._processes.tails()}\n")
        for difference in wrong:
            print(f"WRONG: {difference}")
        return 1


def play(folder, chosen):
    file = pathlib.Path(options.EXAMPLE / "transfers.csv")
    if chosen.transfers is not None:
        file = folder / "transfers.csv"
        with open(file, "w", encoding="utf-8") as target:
            generate.write(target, generate.transfers(chosen.transfers, chosen.seed))
    processes = Processes(folder)
    try:
        return Demo(processes, file, chosen).run()
    finally:
        processes.stop()


def main():
    chosen = options.read()
    with tempfile.TemporaryDirectory(prefix="d-") as name:
        try:
            return play(pathlib.Path(name), chosen)
        finally:
            if chosen.keep is not None:
                shutil.copytree(name, chosen.keep, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock"))
                print(f"kept: {chosen.keep.resolve()}")


if __name__ == "__main__":
    sys.exit(main())
