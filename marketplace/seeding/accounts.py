"""The demo accounts, one of each kind of person, with passwords nobody can guess.

The passwords are written to the state folder's demo-credentials.json (0600) before the accounts are made, so
that an interrupted seeding continues with the same ones; they are stored nowhere else in clear.
"""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from auth.queries import user_by_username
from auth.roles import Role
from auth.service import create_user
from marketplace.demo_credentials import read_accounts
from marketplace.seeding.step import Progress, Step


@dataclass(frozen=True, slots=True)
class Account:
    """A demo account; bank_id only for people of a bank, staff_number only where two people are needed
    whatever accounts they have."""

    username: str
    role: Role
    display_name: str
    bank_id: str | None = None
    staff_number: str | None = None


ACCOUNTS = (
    Account("owner", Role.OWNER, "赵建国"),
    Account("owner2", Role.OWNER, "钱秀英"),
    Account("officer-ccb-1", Role.OFFICER, "建行 孙志强", "ccb"),
    Account("officer-ccb-2", Role.OFFICER, "建行 李丽华", "ccb"),
    Account("officer-icbc-1", Role.OFFICER, "工行 周海涛", "icbc"),
    Account("senior-ccb", Role.SENIOR_OFFICER, "建行 吴桂兰", "ccb", "CCB-37-0118"),
    Account("senior-ccb-2", Role.SENIOR_OFFICER, "建行 周明远", "ccb", "CCB-37-0125"),
    Account("product-ccb-1", Role.PRODUCT_MANAGER, "建行 陈思远", "ccb", "CCB-37-0412"),
    Account("product-ccb-2", Role.PRODUCT_MANAGER, "建行 林静怡", "ccb", "CCB-37-0436"),
    Account("product-icbc-1", Role.PRODUCT_MANAGER, "工行 高建平", "icbc", "ICBC-37-0217"),
    Account("admin-1", Role.POLICY_ADMIN, "郑文斌", staff_number="SD-20113"),
    Account("admin-2", Role.POLICY_ADMIN, "王雪梅", staff_number="SD-20457"),
    Account("auditor", Role.AUDITOR, "冯国栋"),
    Account("operator", Role.OPERATOR, "陈晓东"),
)


def step(credentials: Path, clock: Callable[[], datetime]) -> Step:
    """The step that makes the accounts missing from the database."""

    async def make(session: AsyncSession, progress: Progress) -> None:
        missing = [one for one in ACCOUNTS if await user_by_username(session, one.username) is None]
        progress(len(ACCOUNTS) - len(missing), len(ACCOUNTS))
        if not missing:
            return
        passwords = write_passwords(credentials)
        for account in missing:
            await create_user(
                session,
                username=account.username,
                password=passwords[account.username],
                display_name=account.display_name,
                role=account.role,
                bank_id=account.bank_id,
                staff_number=account.staff_number,
                now=clock(),
            )
            progress(ACCOUNTS.index(account) + 1, len(ACCOUNTS))

    return Step("demo accounts", make)


def write_passwords(path: Path) -> dict[str, str]:
    """The accounts' passwords: those already in the file, new ones for the rest; the file then holds them
    all.
    """
    known = {one["username"]: one["password"] for one in read_accounts(path)}
    passwords = {one.username: known.get(one.username) or secrets.token_urlsafe(12) for one in ACCOUNTS}
    accounts = [
        {"role": one.role.value, "username": one.username, "password": passwords[one.username]}
        for one in ACCOUNTS
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump({"accounts": accounts}, file, ensure_ascii=False, indent=2)
        file.write("\n")
    draft.replace(path)
    return passwords
