"""Reads Redis behind the back of every component, over a connection of its own."""
import socket

NAMESPACE = "darq"
PARTITIONS = 64
PATIENCE_SECONDS = 5


class Witness:
    """A client of a few lines: commands in one go, their replies in order. ConnectionError if Redis does not answer now."""

    def __init__(self, port):
        self._port = port
        self._stream = None

    def answers(self):
        try:
            return self.ask([["PING"]]) == ["PONG"]
        except ConnectionError:
            return False

    def applied(self):
        """Transfers that the ledger's group is done with."""
        return sum(int(done or 0) for done in self._lanes("c"))

    def waiting(self):
        """Transfers that were published and are not applied."""
        found = self.counts()
        return found["appended"] - found["steps"]

    def holders(self):
        """The components that hold a lane of the transfers."""
        return {session for session in self._lanes("o") if session}

    def _lanes(self, field):
        return self.ask([["HGET", f"{{{NAMESPACE}:{number}}}:l:ledger:transfers", field] for number in range(PARTITIONS)])

    def counts(self):
        """Over all partitions: transfers appended, duplicates suppressed, transfers whose step took effect."""
        topics = self.ask([["HMGET", f"{{{NAMESPACE}:{number}}}:n:transfers", "s", "dup"] for number in range(PARTITIONS)])
        return {
            "appended": sum(int(seq or 0) for seq, _ in topics),
            "duplicates": sum(int(duplicates or 0) for _, duplicates in topics),
            "steps": self.applied(),
        }

    def ask(self, commands):
        try:
            if self._stream is None:
                self._stream = socket.create_connection(("127.0.0.1", self._port), PATIENCE_SECONDS).makefile("rwb")
            self._stream.write(b"".join(encoded(command) for command in commands))
            self._stream.flush()
            return [self._reply() for _ in commands]
        except (OSError, ValueError) as fault:
            self._stream = None
            raise ConnectionError(f"Redis on port {self._port} gave no answer: {fault}") from fault

    def _reply(self):
        line = self._stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("it closed the connection")
        kind, text = line[:1], line[1:-2].decode(errors="replace")
        if kind == b"-":
            raise ConnectionError(text)  # Such as LOADING, while it reads its append-only file.
        if kind == b"*":
            return [self._reply() for _ in range(int(text))]
        if kind == b"$":
            return None if text == "-1" else self._stream.read(int(text) + 2)[:-2].decode()
        return text


def encoded(command):
    words = [word.encode() for word in command]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
