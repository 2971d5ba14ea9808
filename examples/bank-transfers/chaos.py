"""Lets the scheduled faults happen, one after the other, each when so many transfers are applied and its target is at work."""
import threading
import time

import journal
from witness import Witness

PAUSE_SECONDS = 4  # Twice the lease: a component whose heartbeat is missing for 2 s loses its lanes to the others.
POLL_SECONDS = 0.02
STAND_BY_SECONDS = 2


class Chaos:
    """`fired` are the faults that happened; `failure` is what ended the story, if anything did."""

    def __init__(self, planned, redis, pods, say):
        self._planned, self._redis, self._pods, self._say = planned, redis, pods, say
        self._witness = Witness(redis.port)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.busy = False
        self.fired = []
        self.failure = None

    def start(self):
        self._thread.start()

    def end(self):
        """No further fault; waits until the target of the last one is back."""
        self._over.set()
        self._thread.join()

    def _run(self):
        try:
            for fault in self._planned:
                if not self._let_happen(fault):
                    return
        except Exception as failure:  # The main thread ends the run with it.
            self.failure = failure
        finally:
            self.busy = False

    def _let_happen(self, fault):
        """Waits until the fault is due and its target at work; false if the run ended before."""
        waiting = time.monotonic()
        while not self._over.wait(POLL_SECONDS):
            applied = self._applied()
            victim = self._at_work(fault.target, time.monotonic() - waiting)
            if applied < fault.after or victim is None:
                continue
            self.busy = True
            strike = getattr(self, "_" + fault.kind.replace("-", "_"))
            struck = strike(victim, lambda what, victim=victim: self._say(f"fault {fault.number:>2}, {applied:,} applied: {fault.kind} of {victim.name}, {what}"))
            self.busy = False
            if struck:
                self.fired.append(fault)
                return True
        return False

    def _applied(self):
        try:
            return self._witness.applied()
        except ConnectionError:
            return -1

    def _at_work(self, target, waited):
        """Whom to hit: a fault that finds nobody at work would prove nothing. A pod that only stands by stands for the other."""
        working = [pod for pod in self._pods if journal.in_hand(pod.journal) > 0]
        if target == "redis":
            return self._redis if working else None
        named = [pod for pod in working if pod.name == target]
        return next(iter(named or working if waited > STAND_BY_SECONDS else named), None)

    def _app_kill(self, pod, say):
        pod.kill_app()
        say(f"{journal.in_hand(pod.journal)} transfers in hand")
        pod.start_app()
        return True

    def _pod_kill(self, pod, say):
        pod.kill()
        say(f"{journal.in_hand(pod.journal)} transfers in hand")
        pod.start()
        return True

    def _redis_kill(self, redis, say):
        redis.kill()
        say("started again on its append-only file")
        redis.start()
        return True

    def _pause(self, pod, say):
        pod.pause()
        try:
            held = journal.in_hand(pod.journal)
            if held == 0:
                return False  # Its handlers just finished: not paused at work.
            say(f"for {PAUSE_SECONDS} s, {held} transfers in hand")
            time.sleep(PAUSE_SECONDS)
            return True
        finally:
            pod.wake()
