"""A draft made ready at once, as the gates want it, for journeys that are about what comes after.

Straight in the service's database: keeping cases, answering findings and simulating have journeys of their own.
"""

from datetime import UTC, datetime

from auth import queries as people
from auth.actor import Actor
from auth.roles import Role
from marketplace.db import create_engine, open_session
from policies import queries
from tests.factories.publishing import made_ready
from tests.journeys.conftest import Service, apart


def ready(service: Service, policy_id: str, writer: str) -> None:
    """Do for the policy's open draft whatever stands in the way of submitting it, as this user."""

    async def work() -> None:
        engine = create_engine(service.database_url)
        try:
            async with open_session(engine) as session:
                user = await people.user_by_username(session, writer)
                row = await queries.open_version(session, policy_id)
                assert user is not None
                assert row is not None
                actor = Actor(user.id, user.username, user.display_name, Role(user.role))
                await made_ready(session, actor, row, datetime.now(UTC))
                await session.commit()
        finally:
            await engine.dispose()

    apart(work())
