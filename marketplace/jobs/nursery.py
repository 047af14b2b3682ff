"""Where workers come from: a process that has everything loaded and forks, so that one killed is replaced in a moment.

Starting Python with all we import takes seconds of a busy processor; a fork takes milliseconds and shares memory. The
nursery itself opens no database and no event loop, which a fork would not survive.
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from marketplace.process import end_with_parent

STEADY = 10.0
"""A worker that lived so many seconds and dies is replaced at once; one that keeps dying less and less often."""
PAUSES = (0.0, 0.2, 1.0, 5.0, 15.0)
GENTLY = 5
"""Workers are this much nicer than the servers: who waits for an answer comes first."""


class Nursery:
    """Keeps one worker alive until told to stop (SIGTERM, SIGINT); then the worker ends what is under way."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.work, self.child, self.stopping = work, 0, False

    def keep(self) -> None:
        """Returns when stopped."""
        gc.collect()
        gc.freeze()  # so that a worker's collector leaves the memory it shares with us alone
        for order in (signal.SIGTERM, signal.SIGINT):
            signal.signal(order, self._stop)
        deaths = 0
        while not self.stopping:
            began = time.monotonic()
            self.child = self._fork()
            os.waitpid(self.child, 0)
            deaths = 0 if time.monotonic() - began > STEADY else deaths + 1
            if not self.stopping and deaths > 1:
                time.sleep(PAUSES[min(deaths - 1, len(PAUSES) - 1)])

    def _fork(self) -> int:
        """The new worker's id; in the worker itself this does not return."""
        child = os.fork()
        if child:
            return child
        status = 1
        try:
            for order in (signal.SIGTERM, signal.SIGINT):
                signal.signal(order, signal.SIG_DFL)
            end_with_parent()
            os.nice(GENTLY)
            self.work()
            status = 0
        except Exception:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True
        if self.child:
            os.kill(self.child, signal.SIGTERM)
