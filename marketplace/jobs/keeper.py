"""Keeps the workers' nursery running beside the servers: started with them, started again should it die, stopped first.

A thread, because the server holds the main one; it must outlive every nursery it starts, since the kernel ends one with
the thread that made it.
"""

import subprocess
import sys
import threading

PAUSE = 2.0
"""Seconds until a nursery that died is started again."""
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
        while not self.stopping.is_set():
            worker = subprocess.Popen(
                [sys.executable, "-m", "marketplace", "work", "--with-parent"], stdin=subprocess.DEVNULL
            )
            while worker.poll() is None and not self.stopping.wait(0.1):
                pass
            if self.stopping.is_set():
                return _end(worker)
            self.stopping.wait(PAUSE)


def _end(worker: "subprocess.Popen[bytes]") -> None:
    worker.terminate()
    try:
        worker.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
