#!/usr/bin/env python3
"""Shows how far a test project is while `dotnet test` runs it, and what failed.

    progress.py NAME COMMAND [ARGUMENT...]

The command must report every test on a line of its own (`--logger "console;verbosity=normal"`). Passed tests are only counted: at a
terminal on one line that is drawn anew, elsewhere on a plain line every ten seconds. Everything else is printed as it comes.
The exit code is that of the command.
"""
import re
import subprocess
import sys
import threading
import time

OUTCOME = re.compile(r"^\s{2}(Passed|Failed|Skipped) \S")
CHATTER = re.compile(
    r"^(Test run for |Test Run |A total of \d|Starting test execution|VSTest version|Microsoft \(R\)|Copyright \(C\)|Results File: |\[xUnit\.net "
    r"|Total tests: |\s+(Passed|Failed|Skipped): \d|\s*Total time: |Attachments:|Data collector 'Blame' message|Ok, passed \d)"
)
PLAIN_SECONDS = 10
REDRAW_SECONDS = 0.25


class Progress:
    def __init__(self, name):
        self._name = name
        self._terminal = sys.stdout.isatty()
        self._started = time.monotonic()
        self._counts = dict.fromkeys(("Passed", "Failed", "Skipped"), 0)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._drawing = threading.Thread(target=self._draw, daemon=True)
        self._drawing.start()

    def count(self, outcome):
        self._counts[outcome] += 1

    def say(self, line):
        with self._lock:
            print(f"\r\033[K{line}" if self._terminal else line, flush=True)

    def end(self):
        self._over.set()
        self._drawing.join()
        self._show("\n")

    def _draw(self):
        while not self._over.wait(REDRAW_SECONDS if self._terminal else PLAIN_SECONDS):
            self._show("" if self._terminal else "\n")

    def _show(self, end):
        passed, failed, skipped = self._counts.values()
        text = f"{self._name}: {passed} passed, {failed} failed, {skipped} skipped, {time.monotonic() - self._started:.0f} s"
        with self._lock:
            print(f"\r\033[K{text}" if self._terminal else text, end=end, flush=True)


def main(name, *command):
    progress = Progress(name)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as running:
        for line in running.stdout:
            line = line.rstrip()
            found = OUTCOME.match(line)
            if found:
                progress.count(found[1])
            if line and not CHATTER.match(line) and (found is None or found[1] == "Failed"):
                progress.say(line)
    progress.end()
    return running.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
