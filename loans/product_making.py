"""What a bank's people do to their products: write a version, hand it in, and have a second person put it on offer.

Every change asks product_lifecycle.py, is a conditional update on state and content, and leaves an audit row
(product_versions.py). Applications keep the version they were judged on.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from eligibility import Facts, RuleError, Vocabulary, parse, sentence
from eligibility.benefit import parse_formula
from loans import product_versions as versions
from loans import products
from loans.errors import (
    ActionNotAllowed,
    ProductChanged,
    ProductFormulaFails,
    ProductLimitsCross,
    ProductRuleFails,
    ProductUnchanged,
)
from loans.money import fen_from_yuan, yuan_from_fen
from loans.offers import Need, judge
from loans.product_content import content_of, sha256_of
from loans.product_lifecycle import OPEN, WRITERS, Action, Status, move
from loans.product_schemas import ProductDraft
from loans.tables import Product

log = logging.getLogger("loans")


async def save(
    session: AsyncSession,
    actor: Actor,
    product_id: str,
    draft: ProductDraft,
    *,
    seen_sha256: str,
    now: datetime,
) -> Product:
    """Save an edit: into the open draft, or as a new draft on top of the version on offer.

    `seen_sha256` is the content that was being edited; raises ProductChanged when it is not the stored one any more.
    Raises NotFound, RuleError, ProductLimitsCross, ProductFormulaFails, ProductWrongState (a submitted version is not
    edited), ActionNotAllowed.
    """
    if actor.role not in WRITERS:
        raise ActionNotAllowed(action=Action.EDIT.value)
    known = await versions.history(session, actor, product_id)
    base = versions.to_edit(known)
    changes = columns_of(draft)
    if base.content_sha256 != seen_sha256:
        raise ProductChanged
    fields = {**content_of(base), **changes}
    if Status(base.status) not in OPEN:
        return await _new_draft(session, actor, base, known[0].version + 1, fields, now)
    await versions.moved(session, actor, base, Action.EDIT)
    found = await versions.change(
        session,
        base,
        {**fields, "content_sha256": sha256_of(fields), "editors": _with(base, actor), "changed_at": now},
    )
    await versions.record(session, actor, "edit", found, now)
    return found


async def _new_draft(
    session: AsyncSession, actor: Actor, base: Product, number: int, fields: Mapping[str, Any], now: datetime
) -> Product:
    row = Product(
        **fields,
        id=base.id,
        version=number,
        bank_id=base.bank_id,
        status=Status.DRAFT.value,
        content_sha256=sha256_of(fields),
        editors=[str(actor.user_id)],
        created_at=now,
        changed_at=now,
    )
    try:
        async with session.begin_nested():  # so that the refusal can still be shown from this session
            session.add(row)
    except IntegrityError as error:  # somebody else opened a draft at this instant
        raise ProductChanged from error
    await versions.record(session, actor, "draft", row, now)
    return row


def columns_of(draft: ProductDraft) -> dict[str, Any]:
    """A draft as columns. Raises RuleError, ProductLimitsCross, ProductFormulaFails."""
    words = Vocabulary.shipped()
    rule = parse(draft.rule, words)
    for least, most in (
        ("min_amount_yuan", "max_amount_yuan"),
        ("min_term_months", "max_term_months"),
        ("min_rate_pct", "max_rate_pct"),
    ):
        if getattr(draft, least) > getattr(draft, most):
            raise ProductLimitsCross(field=most)
    formula = (draft.max_amount or "").strip() or None
    if formula is not None:
        try:
            parse_formula(formula, words)
        except RuleError as error:
            raise ProductFormulaFails(field="max_amount", why=error.diagnostics[0].message()) from error
    said = draft.model_dump(exclude={"min_amount_yuan", "max_amount_yuan", "rule", "max_amount"})
    return {
        **said,
        "min_amount_fen": fen_from_yuan(draft.min_amount_yuan),
        "max_amount_fen": fen_from_yuan(draft.max_amount_yuan),
        "rule_text": rule.text,
        "max_amount": formula,
    }


def _with(row: Product, actor: Actor) -> list[str]:
    return sorted({*row.editors, str(actor.user_id)})


async def submit(
    session: AsyncSession,
    actor: Actor,
    product_id: str,
    number: int,
    *,
    seen_sha256: str,
    tried_on: Iterable[Facts],
    as_of: date,
    now: datetime,
    why: str | None = None,
) -> Product:
    """Hand a draft to a second person, once it could be judged on nothing known and on each of `tried_on`.

    Raises NotFound, ProductWrongState, ActionNotAllowed, ProductChanged, ProductUnchanged, ProductRuleFails.
    """
    row = await versions.find(session, actor, product_id, number)
    after = await versions.moved(session, actor, row, Action.SUBMIT)
    versions.same_content(row, seen_sha256)
    current = versions.current_of(await versions.history(session, actor, product_id))
    if current is not None and current.content_sha256 == row.content_sha256:
        raise ProductUnchanged
    await try_out(session, actor, row, tried_on, as_of)
    handed = {"submitted_by": actor.user_id, "submitted_at": now, "why": why or row.why}
    found = await versions.change(
        session, row, {**handed, "status": after.value, "editors": _with(row, actor), "changed_at": now}
    )
    await versions.record(session, actor, "submit", found, now)
    return found


async def take_back(
    session: AsyncSession, actor: Actor, product_id: str, number: int, *, now: datetime
) -> Product:
    """Make a submitted version a draft again, to go on editing it."""
    row = await versions.find(session, actor, product_id, number)
    after = await versions.moved(session, actor, row, Action.TAKE_BACK)
    found = await versions.change(
        session, row, {"status": after.value, "submitted_at": None, "submitted_by": None, "changed_at": now}
    )
    await versions.record(session, actor, "take_back", found, now)
    return found


async def publish(
    session: AsyncSession,
    actor: Actor,
    product_id: str,
    number: int,
    *,
    seen_sha256: str,
    tried_on: Iterable[Facts],
    as_of: date,
    now: datetime,
) -> Product:
    """Put a submitted version on offer; the one before becomes superseded.

    `seen_sha256`: the content the second person approved. Raises NotFound, ProductWrongState, ActionNotAllowed,
    ProductOwnWork, ProductChanged, ProductRuleFails.
    """
    row = await versions.find(session, actor, product_id, number)
    after = await versions.moved(session, actor, row, Action.PUBLISH)
    versions.same_content(row, seen_sha256)
    await try_out(session, actor, row, tried_on, as_of)
    before = versions.current_of(await versions.history(session, actor, product_id))
    if before is not None:
        left = move(Status(before.status), Action.SUPERSEDE, actor.role, person="", worked_on_it=())
        await versions.change(session, before, {"status": left.value})
    approved = {"decided_by": actor.user_id, "decided_at": now, "approved_sha256": row.content_sha256}
    found = await versions.change(session, row, {**approved, "status": after.value, "changed_at": now})
    await versions.record(session, actor, "publish", found, now)
    return found


async def reject(
    session: AsyncSession, actor: Actor, product_id: str, number: int, reason: str, *, now: datetime
) -> Product:
    """Refuse a submitted version with a reason. Raises what `publish` raises."""
    row = await versions.find(session, actor, product_id, number)
    after = await versions.moved(session, actor, row, Action.REJECT)
    decided = {"decided_by": actor.user_id, "decided_at": now, "reason": reason}
    found = await versions.change(session, row, {**decided, "status": after.value, "changed_at": now})
    await versions.record(session, actor, "reject", found, now)
    return found


async def try_out(
    session: AsyncSession, actor: Actor, row: Product, known: Iterable[Facts], as_of: date
) -> None:
    """Judge a version as offers judge it, on nothing known and on each of `known`, at both ends of its amounts.

    Raises ProductRuleFails whatever goes wrong: what fails here would fail for every owner once on offer.
    """
    product = products.read(row, await versions.bank(session, actor))
    try:
        rule = parse(row.rule_text, Vocabulary.shipped())
        for lang in ("zh-CN", "en"):
            sentence(rule, lang)
        for facts in (Facts(), *known):
            for fen in (row.min_amount_fen, row.max_amount_fen):
                judge(product, Need(yuan_from_fen(fen), row.min_term_months), facts, as_of)
    except Exception as error:
        log.exception("%s v%s cannot be judged", row.id, row.version)
        raise ProductRuleFails(field="rule") from error
