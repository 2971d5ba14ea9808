"""Reads Redis behind the back of every component, over a connection of its own."""
import binascii
import functools
import socket

NAMESPACE = "darq"
PARTITIONS = 64
SLOTS = 16384
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
        return sum(int(lane[4]) for lane in self._lanes())

    def holders(self):
        """The components that hold a lane of the transfers."""
        return {lane[0] for lane in self._lanes() if lane[0] != "-"}

    def counts(self):
        """Over all partitions: transfers appended, duplicates suppressed, transfers whose step took effect."""
        topics = self._headers("t:transfers")
        return {
            "appended": sum(int(topic[0]) for topic in topics),
            "duplicates": sum(int(topic[3]) for topic in topics),
            "steps": self.applied(),
        }

    def _lanes(self):
        """Of each partition: owner, fencing token, acked up to, ranges, consumed and more (ARCHITECTURE.md, Keys)."""
        return self._headers("l:ledger:transfers")

    def _headers(self, field):
        """The words of a field of each partition's header that has it."""
        texts = self.ask([["HGET", f"{tag_of(number)}:m", field] for number in range(PARTITIONS)])
        return [text.split(" ") for text in texts if text]

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


@functools.cache
def tag_of(partition):
    """{namespace:partition:x} with the smallest x whose slot of a cluster lies in the partition's window."""
    window = range(partition * SLOTS // PARTITIONS, (partition + 1) * SLOTS // PARTITIONS)
    names = (f"{NAMESPACE}:{partition}:{x}" for x in range(SLOTS * PARTITIONS))
    return "{%s}" % next(name for name in names if binascii.crc_hqx(name.encode(), 0) % SLOTS in window)
