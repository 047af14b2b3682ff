"""What a server process asks of the operating system: to end when the process that started it is gone.

Without it a `kill -9` of the service would leave its workers serving without a database.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask the kernel to terminate this process when its parent ends (Linux; elsewhere nothing is asked)."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "cannot ask to stop together with the parent")
    if os.getppid() != parent:
        sys.exit("the service's main process is gone")
