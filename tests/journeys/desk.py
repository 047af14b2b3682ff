"""What stands between a draft and its submission, done past the browser: the journeys are about what comes after.

Cases kept, findings answered, as the named admin would on the version's page.
"""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlmodel import col

from auth.actor import Actor
from auth.roles import Role
from auth.tables import User
from marketplace.db import create_engine, transaction
from policies import queries
from tests.factories.publishing import made_ready
from tests.journeys.conftest import Service, apart


def ready(service: Service, policy_id: str, username: str) -> None:
    """Do for a policy's open draft what the gates ask for."""
    apart(_ready(service.database_url, policy_id, username))


async def _ready(database_url: str, policy_id: str, username: str) -> None:
    engine = create_engine(database_url, pooled=False)
    try:
        async with transaction(engine) as session:
            user = (await session.scalars(select(User).where(col(User.username) == username))).one()
            row = await queries.open_version(session, policy_id)
            assert row is not None
            writer = Actor(user.id, user.username, user.display_name, Role(user.role), user.bank_id)
            await made_ready(session, writer, row, datetime.now(UTC))
    finally:
        await engine.dispose()
