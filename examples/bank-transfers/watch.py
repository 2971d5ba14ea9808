"""Waits for the end of a run: everything done and nothing moving any more, or what ended it before."""
import time

import outcome
from witness import Witness

STALLED_SECONDS = 60
QUIET_SECONDS = 1
POLL_SECONDS = 0.1


def watch(processes, redis, auditor, ledgers, chaos, progress, timeout):
    """None when all is done, else a sentence. Throws what ended a process, or the chaos."""
    sight, last, since = Sight(processes, redis, auditor, ledgers), None, time.monotonic()
    while True:
        processes.check("teller")
        if chaos.failure is not None:
            raise chaos.failure
        now = sight.now()
        if now != last:
            last, since = now, time.monotonic()
        progress.show(*now[:3])
        still = time.monotonic() - since
        if processes.exit_code("teller") == 0 and min(now[1:3]) >= progress.total and not chaos.busy and still > QUIET_SECONDS:
            return None
        if still > STALLED_SECONDS:
            return f"nothing moved for {STALLED_SECONDS} s"
        if progress.seconds > timeout:
            return f"the run was ended after {timeout} s, see --timeout"
        time.sleep(POLL_SECONDS)


class Sight:
    """What is to be seen from outside while it runs."""

    def __init__(self, processes, redis, auditor, ledgers):
        self._teller_log, self._auditor, self._ledgers = processes.log("teller"), auditor, ledgers
        self._witness = Witness(redis.port)
        self._applied = 0

    def now(self):
        """Published, applied, receipts, and the sizes of the ledgers' journals."""
        try:
            self._applied = self._witness.applied()
        except ConnectionError:
            pass  # Redis is being started again.
        receipts = outcome.ask(self._auditor.app_port, "counts")["receipts"]
        written = [pod.journal.stat().st_size for pod in self._ledgers if pod.journal.exists()]
        return outcome.published(self._teller_log)["published"], self._applied, receipts, written
