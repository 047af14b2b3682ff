"""A bank's products: who may write, hand in and put them on offer, and that nothing else gets there."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import col

from auth.actor import Actor
from auth.roles import Role
from auth.tables import AuditEntry
from eligibility import Facts, RuleError
from loans import product_making as making
from loans import product_versions as versions
from loans import products
from loans.errors import (
    ActionNotAllowed,
    LoansError,
    NotFound,
    ProductChanged,
    ProductFormulaFails,
    ProductLimitsCross,
    ProductOwnWork,
    ProductUnchanged,
    ProductWrongState,
)
from loans.product_content import FIELDS
from loans.product_schemas import ProductDraft
from loans.tables import Product
from marketplace.db import open_session
from tests.factories import lending
from tests.factories.people import person

LOAN = "CCB-YSD"


@pytest.fixture(autouse=True)
async def market(session: AsyncSession, now: datetime) -> None:
    await lending.banks_and_products(session, now)


async def manager(session: AsyncSession, now: datetime, **details: Any) -> Actor:
    return await person(session, now, Role.PRODUCT_MANAGER, **details)


def draft_on(row: Product, **changes: Any) -> ProductDraft:
    same = {name: getattr(row, name) for name in ProductDraft.model_fields if hasattr(row, name)}
    money = {f"{one}_amount_yuan": getattr(row, f"{one}_amount_fen") / 100 for one in ("min", "max")}
    return ProductDraft.model_validate({**same, **money, "rule": row.rule_text, **changes})


async def written(session: AsyncSession, who: Actor, now: datetime, **changes: Any) -> Product:
    """A draft with a change, committed."""
    base = versions.to_edit(await versions.history(session, who, LOAN))
    draft = draft_on(base, **(changes or {"name_en": "Cloud Tax Loan 2"}))
    row = await making.save(session, who, LOAN, draft, seen_sha256=base.content_sha256, now=now)
    await session.commit()
    return row


async def submitted(session: AsyncSession, who: Actor, now: datetime, **changes: Any) -> Product:
    row = await written(session, who, now, **changes)
    row = await making.submit(
        session,
        who,
        LOAN,
        row.version,
        seen_sha256=row.content_sha256,
        tried_on=[],
        as_of=lending.AS_OF,
        now=now,
    )
    await session.commit()
    return row


async def published(
    session: AsyncSession, who: Actor, row: Product, now: datetime, seen: str = ""
) -> Product:
    return await making.publish(
        session,
        who,
        LOAN,
        row.version,
        seen_sha256=seen or row.content_sha256,
        tried_on=[Facts.from_json(lending.FACTS)],
        as_of=lending.AS_OF,
        now=now,
    )


class TestWriting:
    """A draft beside the version on offer."""

    async def test_leaves_what_is_on_offer_alone_until_it_is_approved(
        self, session: AsyncSession, now: datetime
    ) -> None:
        who = await manager(session, now)
        row = await written(session, who, now, max_amount_yuan=2_000_000, max_amount="tax_paid_12m_yuan * 7")
        assert (row.version, row.status, row.editors) == (2, "draft", [str(who.user_id)])
        on_offer = await products.current_product(session, LOAN)
        assert (on_offer.version, on_offer.max_amount_yuan) == (1, 3_000_000)
        again = await written(session, who, now, name_zh="小微快贷")
        assert (again.version, again.max_amount_fen) == (2, 200_000_000)

    @pytest.mark.parametrize(
        ("changes", "refused"),
        [
            ({"rule": "employes_end <= 3"}, RuleError),
            ({"min_amount_yuan": 4_000_000}, ProductLimitsCross),
            ({"max_rate_pct": 1}, ProductLimitsCross),
            ({"max_amount": "tax_paid_12m_yuan *"}, ProductFormulaFails),
        ],
    )
    async def test_refuses_what_could_not_be_offered(
        self, session: AsyncSession, now: datetime, changes: dict[str, Any], refused: type[Exception]
    ) -> None:
        who = await manager(session, now)
        with pytest.raises(refused):
            await written(session, who, now, **changes)

    async def test_on_top_of_what_somebody_else_saved_meanwhile_is_refused(
        self, session: AsyncSession, now: datetime
    ) -> None:
        first, second = await manager(session, now), await manager(session, now)
        before = versions.to_edit(await versions.history(session, second, LOAN))
        draft, seen = draft_on(before, name_en="Mine"), before.content_sha256
        await written(session, first, now)
        with pytest.raises(ProductChanged):
            await making.save(session, second, LOAN, draft, seen_sha256=seen, now=now)


class TestTenants:
    """Every bank by itself."""

    async def test_another_banks_product_is_not_found_whatever_is_done_to_it(
        self, session: AsyncSession, now: datetime
    ) -> None:
        mine = await manager(session, now)
        stranger = await manager(session, now, bank_id="icbc")
        row = await submitted(session, mine, now)
        with pytest.raises(NotFound):
            await making.save(session, stranger, LOAN, draft_on(row), seen_sha256=row.content_sha256, now=now)
        with pytest.raises(NotFound):
            await published(session, stranger, row, now)
        with pytest.raises(NotFound):
            await making.reject(session, stranger, LOAN, row.version, "no", now=now)
        with pytest.raises(NotFound):
            await making.take_back(session, stranger, LOAN, row.version, now=now)
        assert {one.bank_id for one in await versions.newest(session, stranger)} == {"icbc"}

    async def test_a_senior_officer_decides_and_writes_nothing(
        self, session: AsyncSession, now: datetime
    ) -> None:
        who, senior = await manager(session, now), await person(session, now, Role.SENIOR_OFFICER)
        with pytest.raises(ActionNotAllowed):
            await written(session, senior, now)
        row = await submitted(session, who, now)
        assert (await published(session, senior, row, now)).status == "current"

    @pytest.mark.parametrize("role", [Role.OFFICER, Role.OWNER, Role.POLICY_ADMIN, Role.OPERATOR])
    async def test_nobody_else_does_anything(self, session: AsyncSession, now: datetime, role: Role) -> None:
        row = await submitted(session, await manager(session, now), now)
        with pytest.raises((ActionNotAllowed, NotFound)):
            await published(session, await person(session, now, role), row, now)


class TestFourEyes:
    """Two persons, whatever their accounts."""

    async def test_nobody_publishes_or_rejects_what_he_worked_on(
        self, session: AsyncSession, now: datetime
    ) -> None:
        writer, editor = await manager(session, now), await manager(session, now)
        await written(session, writer, now)
        row = await submitted(session, editor, now, name_en="Two hands")
        for who in (writer, editor):
            with pytest.raises(ProductOwnWork):
                await published(session, who, row, now)
            with pytest.raises(ProductOwnWork):
                await making.reject(session, who, LOAN, row.version, "no", now=now)

    async def test_a_second_account_of_the_same_person_is_no_second_person(
        self, session: AsyncSession, now: datetime
    ) -> None:
        row = await submitted(session, await manager(session, now, person_key="CCB-1"), now)
        other = await person(session, now, Role.SENIOR_OFFICER, person_key="CCB-1")
        with pytest.raises(ProductOwnWork):
            await published(session, other, row, now)

    async def test_a_second_person_publishes_and_the_deeds_are_in_the_log(
        self, session: AsyncSession, now: datetime
    ) -> None:
        writer, second = await manager(session, now), await manager(session, now)
        row = await submitted(session, writer, now)
        found = await published(session, second, row, now)
        assert (found.status, found.decided_by, found.approved_sha256) == (
            "current",
            second.user_id,
            row.content_sha256,
        )
        assert (await products.current_product(session, LOAN)).version == 2
        before = await versions.find(session, writer, LOAN, 1)
        assert before.status == "superseded"
        log = await session.execute(
            select(col(AuditEntry.action), col(AuditEntry.actor_id), col(AuditEntry.tenant))
            .where(col(AuditEntry.subject_type) == "product_version")
            .order_by(col(AuditEntry.id))
        )
        assert [tuple(one) for one in log] == [
            ("loans.draft_product", writer.user_id, "ccb"),
            ("loans.submit_product", writer.user_id, "ccb"),
            ("loans.publish_product", second.user_id, "ccb"),
        ]

    async def test_an_approval_is_of_the_content_that_was_read(
        self, session: AsyncSession, now: datetime
    ) -> None:
        writer, second = await manager(session, now), await manager(session, now)
        row = await submitted(session, writer, now)
        with pytest.raises(ProductChanged):
            await published(session, second, row, now, seen="0" * 64)
        await session.execute(
            update(Product).where(col(Product.id) == LOAN, col(Product.version) == 2).values(rule_text="true")
        )
        await session.commit()
        session.expire_all()
        with pytest.raises(ProductChanged):
            await published(session, second, await versions.find(session, second, LOAN, 2), now)

    async def test_the_database_has_nothing_on_offer_that_differs_from_what_was_approved(
        self, session: AsyncSession, now: datetime
    ) -> None:
        writer, second = await manager(session, now), await manager(session, now)
        await published(session, second, await submitted(session, writer, now), now)
        with pytest.raises(Exception, match="ck_products_approved"):
            await session.execute(
                update(Product)
                .where(col(Product.id) == LOAN, col(Product.version) == 2)
                .values(content_sha256="0" * 64)
            )

    async def test_of_two_approvals_at_once_one_wins(
        self, session: AsyncSession, engine: AsyncEngine, now: datetime
    ) -> None:
        writer = await manager(session, now)
        seconds = [await manager(session, now), await person(session, now, Role.SENIOR_OFFICER)]
        row = await submitted(session, writer, now)

        async def approve(who: Actor) -> str:
            async with open_session(engine) as own:
                try:
                    found = await published(own, who, row, now)
                    await own.commit()
                except LoansError as refused:
                    return refused.code
                return found.status

        said = await asyncio.gather(*map(approve, seconds))
        assert sorted(said)[0] == "current"
        assert sorted(said)[1] in (ProductChanged.code, ProductWrongState.code)
        session.expire_all()
        states = [one.status for one in await versions.history(session, writer, LOAN)]
        assert states == ["current", "superseded"]


class TestDeciding:
    """What happens to a version that was handed in."""

    async def test_a_rejected_one_keeps_its_reason_and_another_may_be_begun(
        self, session: AsyncSession, now: datetime
    ) -> None:
        writer, second = await manager(session, now), await manager(session, now)
        row = await submitted(session, writer, now)
        found = await making.reject(session, second, LOAN, row.version, "利率太高", now=now)
        assert (found.status, found.reason) == ("rejected", "利率太高")
        await session.commit()
        assert (await written(session, writer, now, name_en="Once more")).version == 3

    async def test_one_handed_in_is_not_edited_before_it_is_taken_back(
        self, session: AsyncSession, now: datetime
    ) -> None:
        writer = await manager(session, now)
        row = await submitted(session, writer, now)
        with pytest.raises(ProductWrongState):
            await written(session, writer, now, name_en="Slipped in")
        await making.take_back(session, writer, LOAN, row.version, now=now)
        await session.commit()
        assert (await written(session, writer, now, name_en="After all")).name_en == "After all"

    async def test_what_changes_nothing_is_not_handed_in(self, session: AsyncSession, now: datetime) -> None:
        who = await manager(session, now)
        on_offer = await versions.find(session, who, LOAN, 1)
        name = on_offer.name_en
        with pytest.raises(ProductUnchanged):
            await submitted(session, who, now, name_en=name)


async def test_the_hash_covers_every_column_that_says_what_is_offered() -> None:
    way = {
        "id", "version", "bank_id", "status", "content_sha256", "editors", "why", "submitted_by", "submitted_at",
        "decided_by", "decided_at", "approved_sha256", "reason", "created_at", "changed_at",
    }  # fmt: skip
    assert set(FIELDS) == set(Product.model_fields) - way
