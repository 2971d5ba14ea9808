"""Redis, and pods as in Kubernetes: one component, one sidecar and one app each, all on fixed ports, so that each can be started again."""
import os
import pathlib
import socket
import string
import sys
import time
import urllib.request

from witness import Witness

EXAMPLE = pathlib.Path(__file__).resolve().parent
ROOT = EXAMPLE.parent.parent
WAKING_SECONDS = 1


class Redis:
    """A Redis of our own with an append-only file, flushed once a second or, where it is to be killed, at every write."""

    name = "redis"

    def __init__(self, processes, fsync):
        self._processes, self._fsync = processes, fsync
        self.port = processes.free_port()

    def start(self):
        program = os.environ.get("DARQ_DEMO_REDIS") or os.environ.get("DARQ_REDIS_SERVER", "redis-server")
        self._processes.start("redis", [
            program, "--port", self.port, "--bind", "127.0.0.1", "--dir", self._processes.folder, "--save", "", "--appendonly", "yes",
            "--appendfsync", self._fsync, "--maxmemory-policy", "noeviction", "--loglevel", "warning"])
        self._processes.wait_until("redis", Witness(self.port).answers)

    def kill(self):
        self._processes.kill("redis")


class Pod:
    """The three processes of one replica. The name of a pod is that of its app; replicas of an app share its id."""

    def __init__(self, processes, name, redis_port, *arguments, listens=True, dispatch=None):
        self._processes, self.name, self._arguments, self._dispatch = processes, name, arguments, dispatch or {}
        self.journal = processes.folder / f"{name}.journal"
        self.app_id = name.partition("-")[0]
        self.app_port = processes.free_port() if listens else None
        self.sidecar_port = processes.free_port()
        self._other_ports = [processes.free_port() for _ in range(3)]
        self._sockets = processes.folder / name
        self._write_resources(redis_port)

    def start(self):
        """In the order that a pod needs: the sidecar looks for components once, and asks the app what it subscribes to."""
        self._start_component()
        if self.app_port is not None:
            self._run_app()
        self._start_sidecar()
        if self.app_port is None:
            self._run_app()

    def start_app(self):
        self._run_app()
        self._processes.wait_until(self.name, lambda: accepts(("127.0.0.1", self.app_port)))

    def kill_app(self):
        self._processes.kill(self.name)

    def pause_app(self):
        self._processes.pause(self.name)

    def wake_app(self):
        self._processes.wake(self.name)

    def kill(self):
        self._processes.kill(*self._names())

    def pause(self):
        self._processes.pause(*self._names())

    def wake(self):
        """The component last: steps of the handlers that were stopped are then at its door, before its lanes can be handed back to it."""
        component, *others = self._names()
        self._processes.wake(*others)
        time.sleep(WAKING_SECONDS)
        self._processes.wake(component)

    def _names(self):
        return f"{self.name}-component", f"{self.name}-sidecar", self.name

    def _write_resources(self, redis_port):
        resources = self._sockets / "resources"
        resources.mkdir(parents=True)
        for template in (EXAMPLE / "resources").glob("*.yaml"):
            text = string.Template(template.read_text()).substitute(redis_host=f"127.0.0.1:{redis_port}")
            (resources / template.name).write_text(text)

    def _start_component(self):
        binary = ROOT / "component" / "Darq.Component" / "bin" / "Release" / "net10.0" / "darq"
        name = f"{self.name}-component"
        # Several components on one machine would want one port.
        self._processes.start(name, [binary], {"DAPR_COMPONENTS_SOCKETS_FOLDER": str(self._sockets), "DARQ_ADMIN_ADDRESS": "off"})
        self._processes.wait_until(name, lambda: accepts(str(self._sockets / "darq.sock")))

    def _start_sidecar(self):
        grpc, internal, metrics = self._other_ports
        name = f"{self.name}-sidecar"
        command = [
            os.environ.get("DAPRD") or ROOT / "tests" / "sidecar" / "run", "--app-id", self.app_id, "--dapr-http-port", self.sidecar_port,
            "--dapr-grpc-port", grpc, "--dapr-internal-grpc-port", internal, "--metrics-port", metrics, "--enable-metrics=false",
            "--resources-path", self._sockets / "resources", "--log-level", "info"]
        if self.app_port is not None:
            command += ["--app-port", self.app_port, "--app-protocol", "http"]
        self._processes.start(name, command, {"DAPR_COMPONENTS_SOCKETS_FOLDER": str(self._sockets)} | self._dispatch)
        self._processes.wait_until(name, lambda: is_healthy(self.sidecar_port))

    def false_acknowledgements(self):
        """How often the stand-in sidecar acknowledged what its app never answered."""
        log = self._processes.log(f"{self.name}-sidecar")
        return log.read_text(errors="replace").count("false acknowledgement") if log.exists() else 0

    def _run_app(self):
        listening = [] if self.app_port is None else ["--port", self.app_port]
        self._processes.start(self.name, [
            sys.executable, "-u", EXAMPLE / f"{self.app_id}.py", "--sidecar", self.sidecar_port, *listening, *self._arguments])


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
