"""Cases kept with a policy: what they stop, what stands for each side of a threshold, and who may take one away.

The shipped ones hold, and say what the worked answers say.
"""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth.actor import Actor
from auth.roles import Role
from auth.tables import AuditEntry
from eligibility import Facts, FactsError, Status
from marketplace.shipped import shipped_cases, shipped_policies
from policies import case_gate, cases, content, queries, service, trying
from policies.case_tables import PolicyCase
from policies.cases import CaseText
from policies.errors import CaseNameTaken, CaseNotFound, WrongState
from policies.lifecycle import Action
from policies.schemas import PolicyDraft
from policies.tables import PolicyVersion
from tests.factories.people import person
from tests.factories.publishing import made_ready

EXEMPT = "CN-VAT-2019-13-1"
WORKED = Path(__file__).parents[1] / "fixtures" / "cases" / "enterprises.yaml"
DAY = date(2020, 4, 15)
QUARTER = {"vat_taxpayer_type": "small_scale", "vat_period": "quarter"}


def case(sales: int | str, expected: str, name: str = "", **more: Any) -> CaseText:
    """A small payer with these sales in a quarter."""
    facts = {**QUARTER, "vat_period_sales_yuan": float(sales)}
    return CaseText(name=name or f"{sales}", facts=facts, day=DAY, expected=expected, **more)  # type: ignore[arg-type]


@pytest.fixture
async def lin(session: AsyncSession, now: datetime) -> Actor:
    return await person(session, now, Role.POLICY_ADMIN, username="lin")


@pytest.fixture
async def row(session: AsyncSession, now: datetime) -> PolicyVersion:
    """The exemption of small payers in force: 100,000 a month, 300,000 a quarter."""
    entry = next(entry for entry in shipped_policies() if entry["id"] == EXEMPT)
    await service.store_published(session, EXEMPT, {**content.from_pack(entry), "exclusions": []}, now)
    found = await queries.current(session, EXEMPT)
    assert found is not None
    return found


async def drafted(session: AsyncSession, who: Actor, now: datetime, **changes: Any) -> PolicyVersion:
    """An edit of the exemption."""
    base = await queries.open_version(session, EXEMPT) or await queries.current(session, EXEMPT)
    assert base is not None
    fields = {name: getattr(base, name) for name in PolicyDraft.model_fields}
    draft = PolicyDraft(**{**fields, **changes})
    return await service.save_draft(session, who, EXEMPT, draft, seen_sha256=base.content_sha256, now=now)


async def refused(session: AsyncSession, row: PolicyVersion) -> dict[str, dict[str, object]]:
    """What the gate has against a version, by its code."""
    return {one.code: one.params for one in await case_gate.gate(session, row, Action.SUBMIT)}


class TestTheGate:
    """What a version lacks."""

    async def test_asks_for_each_verdict_and_both_sides_of_each_threshold(
        self, session: AsyncSession, row: PolicyVersion
    ) -> None:
        assert await refused(session, row) == {
            "policies.case_kinds_missing": {"kinds": ["eligible", "ineligible", "undetermined"]},
            "policies.edges_uncovered": {"count": 4},
        }

    async def test_takes_the_two_values_at_a_threshold_and_no_others(
        self, session: AsyncSession, row: PolicyVersion, lin: Actor, now: datetime
    ) -> None:
        far = [case(299_999, "eligible"), case("300000.02", "ineligible")]
        for text in far:
            await cases.keep(session, lin, row, text, now=now)
        assert (await refused(session, row))["policies.edges_uncovered"] == {"count": 4}
        for text in (case(300_000, "eligible"), case("300000.01", "ineligible")):
            await cases.keep(session, lin, row, text, now=now)
        assert await refused(session, row) == {
            "policies.case_kinds_missing": {"kinds": ["undetermined"]},
            "policies.edges_uncovered": {"count": 2},
        }

    async def test_refuses_a_version_that_does_not_say_what_a_case_expects(
        self, session: AsyncSession, row: PolicyVersion, lin: Actor, now: datetime
    ) -> None:
        await cases.keep(session, lin, row, case(300_000, "eligible"), now=now)
        strict = await drafted(session, lin, now, rule=row.rule.replace("<= 300000", "< 300000"))
        assert (await refused(session, strict))["policies.cases_fail"] == {"count": 1}
        (outcome,) = cases.outcomes(strict, await cases.of(session, EXEMPT))
        assert outcome.trial is not None
        assert outcome.trial.verdict.status is Status.INELIGIBLE

    async def test_compares_the_amount_where_a_case_states_one(
        self, session: AsyncSession, row: PolicyVersion, lin: Actor, now: datetime
    ) -> None:
        right = case(300_000, "eligible", "right", expected_yuan=Decimal(9_000))
        wrong = case(300_000, "eligible", "wrong", expected_yuan=Decimal("9000.01"))
        for text in (right, wrong):
            await cases.keep(session, lin, row, text, now=now)
        found = {one.case.name: one.holds for one in cases.outcomes(row, await cases.of(session, EXEMPT))}
        assert found == {"right": True, "wrong": False}

    async def test_has_nothing_against_a_version_whose_proposals_are_kept(
        self, session: AsyncSession, row: PolicyVersion, lin: Actor, now: datetime
    ) -> None:
        draft = await drafted(session, lin, now, rule=f'({row.rule}) && as_of_date >= date("2020-01-01")')
        await made_ready(session, lin, draft, now)
        assert await refused(session, draft) == {}
        days = {one.day for one in await cases.of(session, EXEMPT)}
        assert {date(2019, 12, 31), date(2020, 1, 1)} <= days

    async def test_asks_for_no_verdict_the_rule_cannot_come_to(
        self, session: AsyncSession, row: PolicyVersion, lin: Actor, now: datetime
    ) -> None:
        everybody = await drafted(session, lin, now, rule="affected_by_epidemic || !affected_by_epidemic")
        assert await refused(session, everybody) == {
            "policies.case_kinds_missing": {"kinds": ["eligible"]},
        }


class TestKeeping:
    """Who did what to a case."""

    async def test_leaves_the_old_case_on_record_where_it_is_put_right(
        self, session: AsyncSession, row: PolicyVersion, lin: Actor, now: datetime
    ) -> None:
        old = await cases.keep(session, lin, row, case(300_000, "ineligible"), now=now)
        new = await cases.keep(session, lin, row, case(300_000, "eligible"), now=now, replaces=old)
        assert [one.id for one in await cases.of(session, EXEMPT)] == [new.id]
        kept = await session.get(PolicyCase, old.id, populate_existing=True)
        assert kept is not None
        assert (kept.retired_by, new.replaces) == (lin.user_id, old.id)
        lines = await session.scalars(
            select(col(AuditEntry.action))
            .where(col(AuditEntry.subject_type) == "policy_case")
            .order_by(col(AuditEntry.at), col(AuditEntry.id))
        )
        assert sorted(lines) == ["policies.keep_case", "policies.replace_case", "policies.retire_case"]

    async def test_makes_whoever_retires_a_case_of_a_draft_one_who_worked_on_it(
        self, session: AsyncSession, row: PolicyVersion, lin: Actor, now: datetime
    ) -> None:
        ma = await person(session, now, Role.POLICY_ADMIN, username="ma")
        kept = await cases.keep(session, lin, row, case(300_000, "eligible"), now=now)
        draft = await drafted(session, lin, now, rule=row.rule.replace("300000", "200000"))
        await cases.retire(session, ma, kept, now=now)
        await session.refresh(draft)
        assert draft.editors == sorted([str(lin.user_id), str(ma.user_id)])
        with pytest.raises(CaseNotFound):
            await cases.retire(session, ma, kept, now=now)

    async def test_takes_no_case_away_from_a_version_under_review_but_adds_one(
        self, session: AsyncSession, row: PolicyVersion, lin: Actor, now: datetime
    ) -> None:
        ma = await person(session, now, Role.POLICY_ADMIN, username="ma")
        draft = await drafted(session, lin, now, rule=row.rule.replace("300000", "200000"))
        await made_ready(session, lin, draft, now)
        draft = await service.submit(
            session, lin, EXEMPT, draft.version, seen_sha256=draft.content_sha256, now=now
        )
        with pytest.raises(WrongState):
            await cases.retire(session, ma, (await cases.of(session, EXEMPT))[0], now=now)
        await cases.keep(session, ma, draft, case(300_000, "eligible", "the text says three"), now=now)
        assert await refused(session, draft) == {"policies.cases_fail": {"count": 1}}

    async def test_refuses_a_name_that_is_taken_and_facts_that_are_none(
        self, session: AsyncSession, row: PolicyVersion, lin: Actor, now: datetime
    ) -> None:
        await cases.keep(session, lin, row, case(1, "eligible", "one"), now=now)
        with pytest.raises(CaseNameTaken):
            await cases.keep(session, lin, row, case(2, "eligible", "one"), now=now)
        for facts in ({"no_such_fact": 1}, {"vat_period_sales_yuan": "12"}, {"sme_size": "micro"}):
            text = CaseText(name="x", facts=facts, day=DAY, expected="eligible")
            with pytest.raises(FactsError):
                await cases.keep(session, lin, row, text, now=now)

    async def test_cannot_be_forged_past_the_service(
        self, session: AsyncSession, row: PolicyVersion, now: datetime
    ) -> None:
        by_nobody = PolicyCase(policy_id=EXEMPT, name="x", day=DAY, expected="eligible", kept_at=now)
        session.add(by_nobody)
        with pytest.raises(IntegrityError, match="ck_policy_cases_kept_by"):
            await session.flush()


class TestShippedCases:
    """The pack's worked cases."""

    def test_hold_on_the_shipped_policies(self) -> None:
        packed = {entry["id"]: entry for entry in shipped_policies()}
        for policy_id, kept in shipped_cases():
            version = PolicyVersion(policy_id=policy_id, **content.from_pack(packed[policy_id]))
            trial = trying.subject_of(version).on(Facts.from_json(kept["facts"]), kept["day"])
            assert trial.verdict.status.value == kept["expected"], (policy_id, kept["name"])

    def test_say_what_the_worked_answers_say(self) -> None:
        worked = yaml.safe_load(WORKED.read_text(encoding="utf-8"))
        known = {one["id"]: one for one in (*worked["enterprises"], *worked["partial_enterprises"])}
        for policy_id, kept in shipped_cases():
            example = known[kept["source"]]
            assert kept["facts"].items() <= example["facts"].items()
            if kept["expected"] == "undetermined":
                assert set(example["expected"][policy_id]) == {"needs"}
            else:
                assert (policy_id in example["expected_matches"]) == (kept["expected"] == "eligible")
