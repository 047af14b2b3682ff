"""Enterprises for tests: made-up codes with true check digits, registered through the service.

The organisation part is MAXYnnnn, so that none meets a demo enterprise's MAXXnnnn.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from stdnum.cn import ric, uscc

from auth.actor import Actor
from marketplace.profiles import service
from marketplace.profiles.identity import IdentityKey, organisation_check_digit
from marketplace.profiles.schemas import EnterpriseDraft
from marketplace.profiles.tables import Enterprise

KEY = IdentityKey(b"k" * 32)
_numbers: Iterator[int] = count(1)


def a_uscc() -> str:
    """A credit code nobody has: a company of Lixia district, Jinan."""
    return uscc_of("91370102", f"MAXY{next(_numbers):04d}")


def uscc_of(registered: str, organisation: str) -> str:
    """The code with both check digits true. registered: the first 8 characters; organisation: the next 8."""
    body = f"{registered}{organisation}{organisation_check_digit(organisation)}"
    return body + uscc.calc_check_digit(body)


def a_resident_id(serial: int = 123, born: str = "19850314") -> str:
    """A resident id of Lixia district, Jinan, with a true check digit."""
    body = f"370102{born}{serial:03d}"
    return body + ric.calc_check_digit(body + "0")


def draft(**changes: Any) -> dict[str, Any]:
    """The body of `POST /api/v1/enterprises`."""
    return {
        "uscc": a_uscc(),
        "name": "济南汇泉小馆餐饮有限公司",
        "entity_type": "company",
        "owner_name": "王小雨",
        "owner_id_number": a_resident_id(),
        **changes,
    }


async def enterprise(session: AsyncSession, owner: Actor, now: datetime, **changes: Any) -> Enterprise:
    """A registered enterprise of `owner`, committed."""
    made = await service.register(session, owner, EnterpriseDraft(**draft(**changes)), key=KEY, now=now)
    await session.commit()
    return made
