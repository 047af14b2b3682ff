"""Keeps one worker process running beside the servers: started with them, started again when it dies, stopped first.

A thread, because the server holds the main one; it must outlive every worker it starts, since the kernel ends a worker
with the thread that made it.
"""

import subprocess
import sys
import threading
import time

STEADY = 10.0
"""A worker that lived so many seconds and dies is started again at once; one that keeps dying less and less often."""
PAUSES = (0.0, 0.5, 2.0, 5.0, 15.0)
PATIENCE = 8.0
"""Seconds a worker has to bring what is under way to its end."""


class WorkerKeeper:
    """`with WorkerKeeper(): ...` has a worker running inside the block."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._keep, name="worker keeper", daemon=True)

    def __enter__(self) -> "WorkerKeeper":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.thread.join(PATIENCE + 2)

    def _keep(self) -> None:
        deaths = 0
        while not self.stopping.is_set():
            began = time.monotonic()
            worker = subprocess.Popen(
                [sys.executable, "-m", "marketplace", "work", "--with-parent"], stdin=subprocess.DEVNULL
            )
            while worker.poll() is None and not self.stopping.wait(0.1):
                pass
            if self.stopping.is_set():
                return _end(worker)
            deaths = 0 if time.monotonic() - began > STEADY else deaths + 1
            self.stopping.wait(PAUSES[min(deaths, len(PAUSES) - 1)])


def _end(worker: "subprocess.Popen[bytes]") -> None:
    worker.terminate()
    try:
        worker.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
