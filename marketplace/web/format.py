"""How pages write money, days and rates in each language. Pure text; no markup.

Dates as people say them: without the year when it is the year of the page's day.
"""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from eligibility.sentence import MONTHS_EN, trimmed

HERE = ZoneInfo("Asia/Shanghai")
WAN = 10_000


def is_zh(lang: str) -> bool:
    """Whether a page is Chinese."""
    return not lang.startswith("en")


def yuan(value: Decimal | int | float, lang: str) -> str:
    """Yuan with separators: 27,360 元 / ¥27,360. Fen are shown only when there are any."""
    amount = Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    text = f"{amount:,.2f}".removesuffix(".00")
    return f"{text} 元" if is_zh(lang) else f"¥{text}"


def fen(value: int, lang: str) -> str:
    """An amount kept in fen, as yuan."""
    return yuan(Decimal(value) / 100, lang)


def wan(value: Decimal | int, lang: str) -> str:
    """Yuan in running text: from 100,000 in 万 (Chinese only), below with separators."""
    amount = Decimal(value)
    if is_zh(lang) and amount >= 10 * WAN and amount % 100 == 0:
        return f"{trimmed(amount / WAN)} 万元"
    return yuan(amount, lang)


def day(value: dt.date | str | None, lang: str, as_of: dt.date | None = None) -> str:
    """4月15日 / 15 Apr; with the year when it is not `as_of`'s, or always without one."""
    if value is None:
        return ""
    found = dt.date.fromisoformat(value) if isinstance(value, str) else value
    with_year = as_of is None or found.year != as_of.year
    if is_zh(lang):
        return f"{found.year}年{found.month}月{found.day}日" if with_year else f"{found.month}月{found.day}日"
    text = f"{found.day} {MONTHS_EN[found.month - 1]}"
    return f"{text} {found.year}" if with_year else text


def moment(value: dt.datetime, lang: str) -> str:
    """A moment in the province's time, with the year: 2026年11月21日 19:05."""
    local = value.astimezone(HERE)
    return f"{day(local.date(), lang)} {local:%H:%M}"


def pct(value: Decimal | float, places: int = 2) -> str:
    """A rate given in percent: 4.1 -> 4.10%."""
    return f"{Decimal(str(value)):.{places}f}%"
