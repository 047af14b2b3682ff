"""From the entries of a file to a proposed change: what is new, what changes, what is the same, what is refused.

A refusal is kept in words in both languages, since whoever reviews the change sees what was left out of it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from eligibility import RuleError, Vocabulary, parse
from marketplace.i18n import LANGS, translate
from marketplace.inputs import InvalidInput
from marketplace.problems import problem_of
from policies import changesets, content, packs, queries
from policies.changeset_tables import ChangeSet
from policies.changesets import Proposal
from policies.packs import Entry


def told(error: Exception) -> dict[str, str]:
    """A refusal in each language, field by field where it is about fields."""
    if isinstance(error, ValidationError):
        error = InvalidInput.of(error)
    problem = problem_of(error)
    if problem.status >= 500:
        raise error
    if not problem.faults:
        return problem.said_in_each()
    return {
        lang: translate(lang, "exchange.join").join(
            f"{fault.field}{translate(lang, 'list.colon')}{fault.details[lang]}" for fault in problem.faults
        )
        for lang in LANGS
    }


def refusal(place: int | str, policy_id: str, words: dict[str, str]) -> dict[str, Any]:
    """As a change set keeps it."""
    return {"place": place, "id": policy_id[:80], "words": words}


async def proposed(
    session: AsyncSession,
    actor: Actor,
    kind: str,
    why: str,
    entries: Sequence[Entry],
    now: datetime,
    unread: Iterable[dict[str, Any]] = (),
) -> ChangeSet:
    """Keep what a file wants to change. `unread`: refusals of what is no entry. Raises SetTooLarge."""
    often = Counter(entry.id for entry in entries)
    places, proposals = {entry.id: entry.place for entry in entries}, []
    refusals, unchanged = list(unread), []
    for entry in entries:
        words = _unfit(entry, often)
        if words is not None:
            refusals.append(refusal(entry.place, entry.id, words))
            continue
        try:
            proposal = await _proposal(session, entry)
        except (RuleError, ValidationError) as error:
            refusals.append(refusal(entry.place, entry.id, told(error)))
            continue
        if proposal.base_sha256 == content.sha256_of(proposal.content):
            unchanged.append(entry.id)
        else:
            proposals.append(proposal)
    refused = await changesets.refused(session, actor, proposals, now)
    refusals += [refusal(places[name], name, told(error)) for name, error in refused.items()]
    kept = [one for one in proposals if one.policy_id not in refused]
    refusals.sort(key=lambda one: str(one["place"]).rjust(12))
    return await changesets.propose(
        session, actor, kind, why, kept, now, refusals=refusals, unchanged=unchanged
    )


def _unfit(entry: Entry, often: Counter[str]) -> dict[str, str] | None:
    """Words for an entry that is none."""
    if often[entry.id] > 1:
        return {lang: translate(lang, "exchange.error.twice") for lang in LANGS}
    if entry.unknown:
        named = ", ".join(entry.unknown)[:200]
        return {lang: translate(lang, "exchange.error.unknown", fields=named) for lang in LANGS}
    return None


async def _proposal(session: AsyncSession, entry: Entry) -> Proposal:
    """What an entry says, as an edit would store it. Raises RuleError, ValidationError."""
    base = await queries.to_edit(session, entry.id)
    proposal = await changesets.based(session, entry.id, packs.on_top(entry, base))
    draft = proposal.draft()
    rule = parse(draft.rule, Vocabulary.shipped())
    said = packs.plain({**draft.model_dump(), "rule": rule.text})
    return Proposal(proposal.policy_id, proposal.base_sha256, said)
