"""The child processes of the demo, with a log file each."""
import os
import signal
import socket
import subprocess
import threading
import time

READY_SECONDS = 60


class Stopped(Exception):
    """A process ended unasked, or never became ready; the text says which and shows its last lines."""


class Processes:
    """Starts and kills processes; `stop` leaves none of them, nor anything they started."""

    def __init__(self, folder):
        self.folder = folder
        self._lock = threading.Lock()
        self._processes = {}
        self._next_port = 12_000 + os.getpid() * 97 % 20_000

    def free_port(self):
        """A free port below the ephemeral range, so that no outgoing connection takes it before its server does."""
        with self._lock:
            while True:
                self._next_port = 12_000 + (self._next_port - 12_000 + 1) % 20_000
                with socket.socket() as probe:
                    try:
                        probe.bind(("127.0.0.1", self._next_port))
                        return self._next_port
                    except OSError:
                        pass

    def log(self, name):
        return self.folder / f"{name}.log"

    def start(self, name, command, environment=None):
        """One that is started again goes on writing to the same log."""
        with open(self.log(name), "ab") as log, self._lock:
            self._processes[name] = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, env=os.environ | (environment or {}), start_new_session=True)

    def kill(self, *names):
        """Ends them as kill -9 does, all before the first is waited for."""
        with self._lock:
            killed = [self._processes.pop(name) for name in names]
        for process in killed:
            send(process, signal.SIGKILL)
        for process in killed:
            process.wait()

    def pause(self, *names):
        """Returns when they stand still."""
        paused = self._named(names)
        for process in paused:
            send(process, signal.SIGSTOP)
        for process in paused:
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def wake(self, *names):
        for process in self._named(names):
            send(process, signal.SIGCONT)

    def _named(self, names):
        with self._lock:
            return [self._processes[name] for name in names if name in self._processes]

    def exit_code(self, name):
        return self._processes[name].poll()

    def check(self, *may_have_ended):
        with self._lock:
            ended = [(name, process.poll()) for name, process in self._processes.items()]
        for name, code in ended:
            if code is not None and not (code == 0 and name in may_have_ended):
                raise Stopped(f"{name} ended with {code}:\n{self.tail(name)}")

    def wait_until(self, name, is_ready):
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready():
            self.check("teller")
            if time.monotonic() > deadline:
                raise Stopped(f"{name} was not ready within {READY_SECONDS} s:\n{self.tail(name)}")
            time.sleep(0.05)

    def tail(self, name, lines=15):
        text = self.log(name).read_text(errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in text[-lines:]) or "    (it said nothing)"

    def tails(self):
        spoke = [path.stem for path in sorted(self.folder.glob("*.log")) if path.stat().st_size]
        return "\n".join(f"  {name}:\n{self.tail(name)}" for name in spoke)

    def stop(self):
        with self._lock:
            stopped, self._processes = list(self._processes.values()), {}
        for process in stopped:
            send(process, signal.SIGCONT)
            send(process, signal.SIGKILL)
        for process in stopped:
            process.wait()


def send(process, number):
    """To the process and all it started: each leads a process group of its own."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass
