"""Becomes one PostgreSQL program: gives up root, asks to die with its parent, then executes it.

A separate small program, run by path, because PR_SET_PDEATHSIG is cleared by the change of user and because
running Python between fork and exec of a threaded process is not safe.

Usage: python -I -S postgres_launcher.py PARENT_PID UID GID PROGRAM [ARGUMENT...]   (UID -1: stay who we are)
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def launch(parent: int, uid: int, gid: int, command: list[str]) -> None:
    """Replace this process by command. Never returns; leaves quietly when the parent is already gone."""
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "cannot ask to stop together with the parent")
    if os.getppid() != parent:
        os._exit(0)
    os.umask(0o077)
    os.chdir("/")
    os.execv(command[0], command)  # noqa: S606 (a fixed program of ours, no shell)


if __name__ == "__main__":
    launch(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
