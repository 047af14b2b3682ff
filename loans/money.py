"""Money of the loans room: whole fen (0.01 yuan) as int, everything in between as exact fractions.

Rounding happens in one place and one way (half up, as Chinese banks round to the fen), so that sums can be
promised.
"""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

FEN_PER_YUAN = 100
MAX_FEN = 10**15
"""Ten trillion yuan: past any loan, far inside a 64-bit column."""


class MoneyError(ValueError):
    """An amount that is no amount of money: finer than a fen, negative, not finite, or past MAX_FEN."""


def fen_from_yuan(yuan: Decimal) -> int:
    """Whole fen of an amount in yuan with at most two decimals; raises MoneyError for anything else."""
    if not yuan.is_finite():
        raise MoneyError("not finite")
    if abs(yuan) * FEN_PER_YUAN > MAX_FEN:
        raise MoneyError("too large")
    fen = yuan * FEN_PER_YUAN
    if fen != fen.to_integral_value():
        raise MoneyError("finer than a fen")
    if fen < 0:
        raise MoneyError("negative")
    return int(fen)


def yuan_from_fen(fen: int) -> Decimal:
    """The same amount in yuan with exactly two decimals."""
    return (Decimal(fen) / FEN_PER_YUAN).quantize(Decimal("0.01"))


def round_fen(exact: Fraction) -> int:
    """The nearest whole fen, a half going up (away from zero): 0.5 -> 1, -0.5 -> -1."""
    sign = -1 if exact < 0 else 1
    return sign * int(abs(exact) + Fraction(1, 2))


def round_pct(exact: float | Decimal | Fraction, places: int = 4) -> Decimal:
    """A percentage as Decimal with a fixed number of places, half up."""
    value = exact if isinstance(exact, Decimal) else Decimal(repr(float(exact)))
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def exact(number: int | float | str | Decimal) -> Decimal:
    """A number from YAML as the decimal it was written as: 3.65 becomes Decimal("3.65")."""
    return number if isinstance(number, Decimal) else Decimal(str(number))
