"""The bank's clock: working days in China, three from the day a case comes in.

Public holidays and the weekend days worked for them are those the State Council announces each autumn for the year
after, as `chinesecalendar` keeps them; a year it does not know yet has weekends alone, so that a deadline is then at
most promised too early.
"""

from datetime import date, datetime, timedelta, timezone
from enum import StrEnum

import chinese_calendar
from chinese_calendar import constants

WORKING_DAYS = 3
CHINA = timezone(timedelta(hours=8))
"""China Standard Time: one zone, no summer time since 1992."""


class Standing(StrEnum):
    """Where a waiting case stands against its deadline: past it, due today or the next working day, or
    later."""

    OUTSIDE = "outside"
    NEAR = "near"
    WITHIN = "within"


def local_day(moment: datetime) -> date:
    """The calendar day in China at this instant."""
    return moment.astimezone(CHINA).date()


KNOWN_YEARS = range(min(constants.holidays).year, max(constants.holidays).year + 1)
"""Years whose holidays have been announced and are known here."""


def is_working_day(day: date) -> bool:
    """Whether banks work that day: Monday to Friday and the weekend days made up, without public holidays."""
    if day.year not in KNOWN_YEARS:
        return day.weekday() < 5
    return bool(chinese_calendar.is_workday(day))


def add_working_days(day: date, count: int) -> date:
    """The `count`-th working day after `day`; the day itself is not counted."""
    while count > 0:
        day += timedelta(days=1)
        if is_working_day(day):
            count -= 1
    return day


def due_on(submitted_at: datetime) -> date:
    """The last day a case that came in at this instant is within its deadline."""
    return add_working_days(local_day(submitted_at), WORKING_DAYS)


def near_until(today: date) -> date:
    """The last due day that counts as near when seen on `today`: the next working day."""
    return add_working_days(today, 1)


def standing(due: date, today: date) -> Standing:
    """How a case due on `due` stands on `today`."""
    if due < today:
        return Standing.OUTSIDE
    return Standing.NEAR if due <= near_until(today) else Standing.WITHIN
