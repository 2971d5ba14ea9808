"""Lets the scheduled faults happen, one after the other, each when so many transfers are applied and its target is at work."""
import threading
import time

import journal
from witness import Witness

PAUSE_SECONDS = 4  # Twice the lease: a component whose heartbeat is missing for 2 s loses its lanes to the others.
TAKE_OVER_SECONDS = 10
POLL_SECONDS = 0.02


class Chaos:
    """`fired` are the faults that happened; `failure` is what ended the story, if anything did."""

    def __init__(self, planned, redis, pods, say):
        self._planned, self._redis, self._pods, self._say = planned, redis, pods, say
        self._witness = Witness(redis.port)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._strikes = {"app-kill": kill_app, "pod-kill": kill_pod, "redis-kill": kill_redis, "pause": self._pause_pod}
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
        while not self._over.wait(POLL_SECONDS):
            applied = self._applied()
            victim = self._at_work(fault.target)
            if applied < fault.after or victim is None:
                continue
            self.busy = True
            struck = self._strikes[fault.kind](victim, f"fault {fault.number:>2}, {applied:,} applied: {fault.kind} of {victim.name}", self._say)
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

    def _at_work(self, target):
        """The target if somebody is at work who will feel it, else None: a fault that hits nobody would prove nothing."""
        working = {pod.name: pod for pod in self._pods if journal.in_hand(pod.journal) > 0}
        if target == self._redis.name:
            return self._redis if working else None
        return working.get(target)

    def _pause_pod(self, pod, fault, say):
        held = caught_at_work(pod)
        if held:
            say(f"{fault} for {PAUSE_SECONDS} s, {held} transfers in hand")
            self._wait_for_take_over(self._witness.holders())
        pod.wake()
        return held > 0

    def _wait_for_take_over(self, holders):
        """On a busy machine the other replica may be late; woken before, the paused one would never have lost its lanes."""
        time.sleep(PAUSE_SECONDS)
        deadline = time.monotonic() + TAKE_OVER_SECONDS
        while time.monotonic() < deadline:
            now = self._witness.holders()
            if len(now) == 1 and now != holders:
                return
            time.sleep(POLL_SECONDS)


def caught_at_work(pod):
    """Stops a pod and answers what its handlers hold that has not taken effect: only of a pod that stands still can that be told."""
    pod.pause()
    return journal.in_hand(pod.journal)


# Each of these answers whether it struck: if the handlers finished at the last moment, it did not and is tried again.


def kill_app(pod, fault, say):
    held = caught_at_work(pod)
    if held:
        pod.kill_app()
        say(f"{fault}, {held} transfers in hand")
    pod.wake()
    if held:
        pod.start_app()
    return held > 0


def kill_pod(pod, fault, say):
    held = caught_at_work(pod)
    if not held:
        pod.wake()
        return False
    pod.kill()
    say(f"{fault}, {held} transfers in hand")
    pod.start()
    return True


def kill_redis(redis, fault, say):
    redis.kill()
    say(f"{fault}, started again on its append-only file")
    redis.start()
    return True
