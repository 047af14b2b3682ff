"""Many enterprises at once, straight into the tables: what a test about a hundred thousand has no time to register.

Their codes are made up and their owner is one made-up person; what the tests are about is their facts.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from eligibility import Facts
from marketplace.profiles.current import fingerprint

NOW = datetime(2020, 4, 15, tzinfo=UTC)
USER = text(
    "INSERT INTO users (id, username, display_name, role, password_hash, created_at)"
    " VALUES (:id, :name, '王小雨', 'owner', '-', :now)"
)
ENTERPRISES = text(
    "INSERT INTO enterprises (id, uscc, name, entity_type, owner_name, owner_id_masked, owner_id_hmac, created_by,"
    " created_at) SELECT id, upper(lpad(substr(replace(id::text, '-', ''), 1, 18), 18, '0')), '企业', 'company',"
    " '王小雨', '370102********1234', '-', :user, :now FROM unnest(CAST(:ids AS uuid[])) AS id"
)
DOCUMENTS = text(
    "INSERT INTO enterprise_current_facts (enterprise_id, facts, vocabulary)"
    " SELECT id, facts::jsonb, :vocabulary FROM unnest(CAST(:ids AS uuid[]), CAST(:facts AS text[])) AS t(id, facts)"
)
MEMBERS = text(
    "INSERT INTO memberships (user_id, enterprise_id, role, created_at)"
    " SELECT :user, id, 'owner', :now FROM unnest(CAST(:ids AS uuid[])) AS id"
)


async def store(session: AsyncSession, enterprises: Sequence[Facts], owner: UUID | None = None) -> list[str]:
    """Store an enterprise for each of these facts, in the session's transaction; their ids, in order.

    `owner`: who acts for them; without one nobody does.
    """
    user = owner or uuid4()
    if owner is None:
        await session.execute(USER, {"id": user, "name": f"stored-{user.hex[:12]}", "now": NOW})
    ids = [uuid4() for _ in enterprises]
    facts = [json.dumps(one.to_json()) for one in enterprises]
    await session.execute(ENTERPRISES, {"ids": ids, "user": user, "now": NOW})
    await session.execute(DOCUMENTS, {"ids": ids, "facts": facts, "vocabulary": fingerprint()})
    if owner is not None:
        await session.execute(MEMBERS, {"ids": ids, "user": user, "now": NOW})
    return [str(one) for one in ids]
