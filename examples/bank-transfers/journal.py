"""What the ledger's apps did, as their journals tell, which survive the kill of the app that writes them.

A line is `<word> <transfer>`. Words: `started`, `delivered`, `thinking` once the accounts are read, `sending` right before the step,
then one of OUTCOMES as soon as that is known; `conflict`, `repeated` and `unsaid` are remarks.
"""
import collections
import os

OUTCOMES = ("applied", "fenced", "refused", "failed")


class Journal:
    """A file that is only appended to, each line by one unbuffered write: a killed app leaves whole lines."""

    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def write(self, word, transfer="-"):
        os.write(self._file, f"{word} {transfer}\n".encode())


def entries(path):
    """(word, transfer) of every line."""
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def in_hand(path):
    """How many handlers of the app as last started have nothing before them but to send their step: none of it has taken effect."""
    held = set()
    for word, transfer in entries(path):
        if word == "started":
            held.clear()
        elif word == "thinking":
            held.add(transfer)
        elif word == "sending" or word in OUTCOMES:
            held.discard(transfer)
    return len(held)


def answered(path):
    """How many handlers have heard what became of their step."""
    return sum(word in OUTCOMES for word, _ in entries(path))


def count(paths):
    """How often each word was written, and `redelivered`: deliveries of a transfer beyond its first, over all pods."""
    counts, transfers = collections.Counter(), set()
    for path in paths:
        for word, transfer in entries(path):
            counts[word] += 1
            if word == "delivered":
                transfers.add(transfer)
    counts["redelivered"] = counts["delivered"] - len(transfers)
    return counts
