"""Numbers as people write them: every way that is one, and none that only contains one."""

from decimal import Decimal

import pytest

from marketplace.web.numbers import number_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"), ("1200000", "1200000"), ("1,200,000", "1200000"), ("1 200 000", "1200000"), ("-50.5", "-50.5"),
        ("12万", "120000"), ("1.5亿", "150000000"), ("360 万元", "3600000"), ("¥ 1,200.50", "1200.5"), ("18 人", "18"),
        ("6个月", "6"), ("4.55%", "4.55"), ("４４", "44"), ("１，２００", "1200"), ("３６０万", "3600000"),
        ("12％", "12"),
        (" 8\u3000", "8"), ("9" * 30, "1e25"),
    ],
)  # fmt: skip
def test_that_is_read(text: str, number: str) -> None:
    assert number_of(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "", "12abc", "abc12", "1,2,3", "1,20,000", "12,00", ",120", "1,200,", "1,200 000", "1人2", "1 2", "1%2",
        "12%万", "5万%", "1.2.3", "1.", ".5", "--1", "1e5", "0x10", "12万万", "½", "٣", "一百", "12元人", "1.1234567",
        "NaN", "∞", "元", "万", "1_2",
    ],
)  # fmt: skip
def test_that_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        number_of(text)


@pytest.mark.parametrize("text", ["5%", "5元", "¥5"])
def test_a_unit_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        number_of(text, ("人",))
