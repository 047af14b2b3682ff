"""The bank's working days, and serial numbers that can be read aloud but not guessed."""

from datetime import UTC, date, datetime

import pytest

from loans.deadlines import Standing, add_working_days, due_on, standing
from loans.serials import new_serial, normalised

WEDNESDAY, FRIDAY, SATURDAY, MONDAY = (
    date(2020, 4, 15),
    date(2020, 4, 17),
    date(2020, 4, 18),
    date(2020, 4, 20),
)


class TestWorkingDays:
    @pytest.mark.parametrize(
        ("day", "expected"),
        [
            (WEDNESDAY, MONDAY),
            (FRIDAY, date(2020, 4, 22)),
            (SATURDAY, date(2020, 4, 22)),
            (MONDAY, date(2020, 4, 23)),
        ],
    )
    def test_three_working_days_skip_the_weekend(self, day: date, expected: date) -> None:
        assert add_working_days(day, 3) == expected

    @pytest.mark.parametrize(
        ("day", "expected"),
        [
            (date(2020, 1, 22), date(2020, 2, 3)),  # the Spring Festival that was made longer by the epidemic
            (date(2020, 4, 25), date(2020, 4, 27)),  # 26 April was a Sunday worked for Labour Day
            (date(2020, 4, 30), date(2020, 5, 7)),  # Labour Day lasts to the 5th
            (date(2020, 5, 8), date(2020, 5, 11)),  # Saturday the 9th is worked for it
            (date(2031, 9, 30), date(2031, 10, 3)),  # not announced yet: weekends alone
        ],
    )
    def test_public_holidays_are_skipped_and_weekends_worked_for_them_count(
        self, day: date, expected: date
    ) -> None:
        assert add_working_days(day, 3 if day.year == 2031 else 2) == expected

    def test_the_day_is_the_one_in_china(self) -> None:
        late_in_london = datetime(2020, 4, 14, 17, 0, tzinfo=UTC)
        assert due_on(late_in_london) == MONDAY

    @pytest.mark.parametrize(
        ("today", "expected"),
        [
            (WEDNESDAY, Standing.WITHIN),
            (date(2020, 4, 16), Standing.WITHIN),
            (FRIDAY, Standing.NEAR),
            (SATURDAY, Standing.NEAR),
            (MONDAY, Standing.NEAR),
            (date(2020, 4, 21), Standing.OUTSIDE),
        ],
    )
    def test_a_case_due_on_monday_is_near_from_friday(self, today: date, expected: Standing) -> None:
        assert standing(MONDAY, today) is expected


class TestSerials:
    def test_a_serial_shows_its_day_and_nothing_else(self) -> None:
        drawn = {new_serial(WEDNESDAY) for _ in range(1000)}
        assert len(drawn) == 1000
        assert all(number.startswith("A20200415-") and normalised(number) == number for number in drawn)

    def test_what_people_type_is_read_as_meant(self) -> None:
        assert normalised(" a20200415-7kom-9qil ") == "A20200415-7K0M-9Q11"

    @pytest.mark.parametrize("typed", ["", "A2020", "A20200415-7K3M-9QX2' OR 1=1", "A" * 10_000, "\x00"])
    def test_what_is_no_serial_is_none(self, typed: str) -> None:
        assert normalised(typed) is None
