"""Shows how far the demo is: a bar on one line at a terminal, a plain line now and then elsewhere; events stand above it."""
import shutil
import sys
import threading
import time

PLAIN_SECONDS = 5


class Progress:
    def __init__(self, total):
        self.total = total
        self._started = time.monotonic()
        self._last_plain = 0.0
        self._terminal = sys.stdout.isatty()
        self._lock = threading.Lock()

    @property
    def seconds(self):
        return time.monotonic() - self._started

    def start(self):
        self._started = time.monotonic()

    def show(self, published, applied, receipts):
        text = f"{published:,} published, {applied:,} of {self.total:,} applied, {receipts:,} receipts, {self.seconds:.0f} s"
        with self._lock:
            if self._terminal:
                width = max(10, min(40, shutil.get_terminal_size().columns - len(text) - 5))
                filled = width * applied // max(1, self.total)
                print(f"\r[{'#' * filled}{'.' * (width - filled)}] {text}\033[K", end="", flush=True)
            elif self.seconds - self._last_plain >= PLAIN_SECONDS:
                self._last_plain = self.seconds
                print(text, flush=True)

    def say(self, line):
        """The bar is drawn anew below at the next `show`."""
        with self._lock:
            print(f"\r\033[K{line}" if self._terminal else line, flush=True)

    def end(self):
        """Takes the bar away and answers how long it was shown."""
        if self._terminal:
            print("\r\033[K", end="", flush=True)
        return self.seconds
