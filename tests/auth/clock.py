"""A clock the tests turn by hand; the application is told the same time."""

from datetime import datetime, timedelta


class Clock:
    """The application's time: stands still until the test turns it."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def turn(self, **forward: float) -> None:
        self.moment += timedelta(**forward)
