#!/usr/bin/env python3
"""Runs a command that must not outlive its caller.

    leash.py [--announce] COMMAND [ARGUMENT...]        standard input: a pipe held open by the caller

The command gets a session (and so a process group) of its own and an empty standard input. With --announce its process id
is the first line of standard output. When standard input ends, because the caller closed it or died in whatever way, every descendant
of the command is killed, including those that left its group: this process adopts them as their sub-reaper. The same
happens when the command itself ends; its exit code is then ours.

A pipe is used and not PR_SET_PDEATHSIG alone, because that signal follows the death of the *thread* that started the
child, and the thread pool of .NET ends threads at will.
"""
import ctypes
import os
import select
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LIBC = ctypes.CDLL(None, use_errno=True)


def main(arguments):
    announce = arguments[:1] == ["--announce"]
    command = arguments[announce:]
    if os.getpgrp() != os.getpid():
        os.setsid()  # Ctrl-C is for the caller, who then closes the pipe.
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(end_all(0)))
    signals, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    child = start(command, announce)
    while True:
        ready, _, _ = select.select([sys.stdin.fileno(), signals], [], [])
        if signals in ready:
            os.read(signals, 4096)
            status = reap_until(child)
            if status is not None:
                return end_all(os.waitstatus_to_exitcode(status))
        if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 4096):
            return end_all(0)


def start(command, announce):
    child = os.fork()
    if child:
        return child
    os.setsid()
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if announce:
        os.write(1, b"%d\n" % os.getpid())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(127)


def reap_until(child):
    """Collects the dead, and answers the status of the command if it is among them."""
    status = None
    while True:
        try:
            pid, found = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == 0:
            return status
        if pid == child:
            status = found


def end_all(code):
    """Kills whatever descends from us; killing a parent hands its children to us, so this repeats until none is left."""
    while True:
        with open("/proc/thread-self/children", encoding="ascii") as file:
            children = [int(pid) for pid in file.read().split()]
        if not children:
            return code if code >= 0 else 128 - code
        for pid in children:
            for number in (signal.SIGCONT, signal.SIGKILL):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            pass


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
