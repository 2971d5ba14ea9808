"""Redis and the pods of the demo as child processes: each pod is one component, one app and one sidecar, as in Kubernetes."""
import os
import pathlib
import signal
import socket
import string
import subprocess
import sys
import time
import urllib.request

EXAMPLE = pathlib.Path(__file__).resolve().parent
ROOT = EXAMPLE.parent.parent
READY_SECONDS = 60


class Stopped(Exception):
    """A process ended, or never became ready; the text says which and shows its last lines."""


class Processes:
    """Starts processes with a log file each; `stop` leaves none of them, nor anything they started."""

    def __init__(self, folder):
        self.folder = folder
        self._processes = {}
        self._next_port = 12_000 + os.getpid() * 97 % 20_000

    def free_port(self):
        """A free port below the ephemeral range, so that no outgoing connection takes it before its server does."""
        while True:
            self._next_port = 12_000 + (self._next_port - 12_000 + 1) % 20_000
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", self._next_port))
                    return self._next_port
                except OSError:
                    pass

    def start(self, name, command, environment=None):
        with open(self.folder / f"{name}.log", "wb") as log:
            self._processes[name] = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, env=os.environ | (environment or {}), start_new_session=True)

    def exit_code(self, name):
        return self._processes[name].poll()

    def check(self, *may_have_ended):
        for name, process in self._processes.items():
            code = process.poll()
            if code is not None and not (code == 0 and name in may_have_ended):
                raise Stopped(f"{name} ended with {code}:\n{self.tail(name)}")

    def wait_until(self, name, is_ready):
        deadline = time.monotonic() + READY_SECONDS
        while not is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise Stopped(f"{name} was not ready within {READY_SECONDS} s:\n{self.tail(name)}")
            time.sleep(0.05)

    def tail(self, name, lines=15):
        text = (self.folder / f"{name}.log").read_text(errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in text[-lines:]) or "    (it said nothing)"

    def tails(self):
        spoke = [name for name in self._processes if (self.folder / f"{name}.log").stat().st_size]
        return "\n".join(f"  {name}:\n{self.tail(name)}" for name in spoke)

    def stop(self):
        for process in self._processes.values():
            for number in (signal.SIGCONT, signal.SIGKILL):
                try:
                    os.killpg(process.pid, number)
                except ProcessLookupError:
                    pass
        for process in self._processes.values():
            process.wait()


def start_redis(processes):
    """A Redis of our own with an append-only file, flushed once a second."""
    port = processes.free_port()
    program = os.environ.get("DARQ_DEMO_REDIS") or os.environ.get("DARQ_REDIS_SERVER", "redis-server")
    processes.start("redis", [
        program, "--port", port, "--bind", "127.0.0.1", "--dir", processes.folder,
        "--save", "", "--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction", "--loglevel", "warning"])
    processes.wait_until("redis", lambda: accepts(("127.0.0.1", port)))
    return port


def start_component(processes, app_id):
    folder = processes.folder / app_id
    folder.mkdir()
    binary = ROOT / "component" / "bin" / "Release" / "net10.0" / "darq"
    processes.start(f"{app_id}-component", [binary], {"DAPR_COMPONENTS_SOCKETS_FOLDER": str(folder)})
    processes.wait_until(f"{app_id}-component", lambda: accepts(str(folder / "darq.sock")))
    return folder


def start_sidecar(processes, app_id, sockets, redis_port, port, app_port=None):
    """Fills in the component files and starts the sidecar with its HTTP API on the port."""
    resources = sockets / "resources"
    resources.mkdir()
    for template in (EXAMPLE / "resources").glob("*.yaml"):
        text = string.Template(template.read_text()).substitute(redis_host=f"127.0.0.1:{redis_port}")
        (resources / template.name).write_text(text)
    command = [
        os.environ.get("DAPRD") or ROOT / "tests" / "sidecar" / "run", "--app-id", app_id, "--dapr-http-port", port,
        "--dapr-grpc-port", processes.free_port(), "--dapr-internal-grpc-port", processes.free_port(),
        "--metrics-port", processes.free_port(), "--enable-metrics=false", "--resources-path", resources, "--log-level", "info"]
    if app_port is not None:
        command += ["--app-port", app_port, "--app-protocol", "http"]
    processes.start(f"{app_id}-sidecar", command, {"DAPR_COMPONENTS_SOCKETS_FOLDER": str(sockets)})
    processes.wait_until(f"{app_id}-sidecar", lambda: is_healthy(port))


def start_app(processes, app_id, *arguments):
    processes.start(app_id, [sys.executable, "-u", EXAMPLE / f"{app_id}.py", *arguments])


def start_pod(processes, app_id, redis_port):
    """A component, an app that listens for messages and a sidecar; answers the ports of the app and of the sidecar."""
    sockets = start_component(processes, app_id)
    app_port, sidecar_port = processes.free_port(), processes.free_port()
    start_app(processes, app_id, "--port", app_port, "--sidecar", sidecar_port)
    start_sidecar(processes, app_id, sockets, redis_port, sidecar_port, app_port)
    return app_port, sidecar_port


def accepts(address):
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as probe:
        try:
            probe.connect(address)
            return True
        except OSError:
            return False


def is_healthy(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1.0/healthz", timeout=5) as answer:
            return answer.status < 300
    except OSError:
        return False
