"""Lets the scheduled faults happen, one after the other, each when so many transfers are applied and its target is at work."""
import threading
import time

import journal
from witness import Witness

PAUSE_SECONDS = 4  # Twice the lease: a component whose heartbeat is missing for 2 s loses its lanes to the others.
PATIENCE_SECONDS = 10
POLL_SECONDS = 0.02
IDLE_SECONDS = 1
AT_WORK = 2  # Handlers that a fault must find before their step; a pause one more, because the other replica may be done with some.


class Chaos:
    """`fired` are the faults that happened; `failure` is what ended the story, if anything did."""

    def __init__(self, planned, last_pause, redis, pods, say):
        self._planned, self._last_pause, self._redis, self._pods, self._say = planned, last_pause, redis, pods, say
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
        due = None
        while not self._over.wait(POLL_SECONDS):
            applied = self._applied()
            if applied < fault.after:
                continue
            due = due or time.monotonic()
            victim = self._at_work(fault.target, waited=time.monotonic() - due)
            if victim is None:
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

    def _at_work(self, target, waited):
        """The target if somebody is at work who will feel it: a fault that hits nobody would prove nothing. A replica that is done
        with its share of the transfers is replaced by the other."""
        working = {pod.name: pod for pod in self._pods if journal.in_hand(pod.journal) >= AT_WORK}
        if target == self._redis.name:
            return self._redis if working else None
        if waited > IDLE_SECONDS:
            return working.get(target) or next(iter(working.values()), None)
        return working.get(target)

    def _pause_pod(self, pod, fault, say):
        if self._witness.applied() > self._last_pause:
            return False
        held = caught_at_work(pod, AT_WORK + 1)
        if not held:
            return False
        if len(self._witness.holders()) < len(self._pods):
            pod.wake_app()  # One of the two just lost its lanes or has none yet: there is nothing to be taken over.
            return False
        pod.pause()
        answered = journal.answered(pod.journal)
        say(f"{fault} for {PAUSE_SECONDS} s, {held} transfers in hand")
        time.sleep(PAUSE_SECONDS)
        # On a busy machine the other replica may be late; woken before, the paused one would never have lost its lanes.
        wait_until(lambda: len(self._witness.holders()) == 1)
        pod.wake()
        # It is back when it has heard what became of the steps that it was stopped in.
        wait_until(lambda: journal.answered(pod.journal) >= answered + held)
        return True


def wait_until(is_so):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def caught_at_work(pod, least=AT_WORK):
    """Stops the app of a pod and answers how many handlers have their step before them: only of one that stands still can that be
    told. 0, and the app goes on, if they just went past it: then nobody was struck, and it is tried again."""
    pod.pause_app()
    held = journal.in_hand(pod.journal)
    if held >= least:
        return held
    pod.wake_app()
    return 0


# Each of these answers whether it struck.


def kill_app(pod, fault, say):
    held = caught_at_work(pod)
    if not held:
        return False
    pod.kill_app()
    say(f"{fault}, {held} transfers in hand")
    pod.start_app()
    return True


def kill_pod(pod, fault, say):
    held = caught_at_work(pod)
    if not held:
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
