"""The pack as it stood at a moment: what was published by then and not yet withdrawn, under the name it had then.

Which texts hold on a day is the pack's own matter; this is about what the service knew when it answered.
"""

import asyncio
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from policies import keeper, queries
from policies.pack import Pack, pack_of


async def pack_at(session: AsyncSession, moment: datetime) -> Pack:
    """The pack every answer came from at `moment`."""
    now = await keeper.load_pack(session)
    rows = [
        row
        for row in await queries.ever_published(session)
        if row.published_at is not None and row.published_at <= moment
    ]
    events = [at for row in rows for at in (row.published_at, row.withdrawn_at) if at and at <= moment]
    name = keeper.version_name((len(events), max(events, default=None)))
    if name == now.version:
        return now
    return await asyncio.to_thread(pack_of, rows, name, None, now, at=moment)
