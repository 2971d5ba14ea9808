"""Shows how far the demo is: a bar on one line at a terminal, a plain line now and then elsewhere."""
import shutil
import sys
import time

PLAIN_SECONDS = 5


class Progress:
    def __init__(self, total):
        self._total = total
        self._started = time.monotonic()
        self._last_plain = 0.0
        self._terminal = sys.stdout.isatty()

    def show(self, published, receipts):
        seconds = time.monotonic() - self._started
        text = f"{receipts:,} of {self._total:,} receipts, {published:,} published, {seconds:.0f} s"
        if self._terminal:
            width = max(10, min(40, shutil.get_terminal_size().columns - len(text) - 5))
            filled = width * receipts // max(1, self._total)
            print(f"\r[{'#' * filled}{'.' * (width - filled)}] {text}\033[K", end="", flush=True)
        elif seconds - self._last_plain >= PLAIN_SECONDS:
            self._last_plain = seconds
            print(text, flush=True)

    def end(self):
        if self._terminal:
            print("\r\033[K", end="", flush=True)
