"""The owner's side: a need, its offers, one application with its consent, and what the owner does to it
later.

An application is judged again at the moment it is submitted and keeps what it was judged on; nothing is
taken from the client.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from auth import consent, members
from auth import queries as auth_queries
from auth.actor import Actor
from auth.roles import Matter
from eligibility import Facts, Vocabulary, failures
from eligibility import Status as Eligibility
from eligibility.sentence import describe
from loans import queries
from loans.applicant import Applicant, ApplicantOf
from loans.apr import METHOD_IRR
from loans.deadlines import due_on
from loans.errors import (
    AlreadyApplied,
    ConsentMismatch,
    FactsMissing,
    MethodNotOffered,
    NotEligible,
    NotFound,
    ProductNotOffered,
)
from loans.lifecycle import OPEN, Action, Status, transition
from loans.money import fen_from_yuan, yuan_from_fen
from loans.moves import move, record
from loans.offers import RANKED_BY, Judgement, Need, consent_asked, judge, method_for, offers, quotes_of
from loans.products import current_product, current_products
from loans.schedule import RepaymentMethod
from loans.schemas import (
    ApplicationInput,
    ConsentInput,
    FinancingRequestInput,
    FinancingRequestRead,
    OffersRead,
    ProductRead,
)
from loans.serials import new_serial
from loans.tables import Application, FinancingRequest

Translate = Callable[..., str]
"""`translate(language, key, **params)`: the catalogue's words, which this room does not keep."""
LABELS = (("zh", "zh-CN"), ("en", "en"))
"""Parameters of an error that carry the vocabulary's own words, one a language."""


async def ask(
    session: AsyncSession, actor: Actor, asked: FinancingRequestInput, *, now: datetime
) -> FinancingRequest:
    """Store a need of one of the owner's enterprises; raises NotFound for another's enterprise."""
    if not await auth_queries.acts_for(session, actor.user_id, asked.enterprise_id):
        raise NotFound(field="enterprise_id")
    await members.require(session, actor, asked.enterprise_id, Matter.APPLY)
    request = FinancingRequest(
        enterprise_id=asked.enterprise_id,
        amount_fen=fen_from_yuan(asked.amount_yuan),
        term_months=asked.term_months,
        purpose=asked.purpose,
        preferred_method=asked.preferred_method,
        created_by=actor.user_id,
        created_at=now,
    )
    session.add(request)
    await session.flush()
    return request


def request_read(request: FinancingRequest) -> FinancingRequestRead:
    """A stored need as it leaves."""
    return FinancingRequestRead(
        id=request.id,
        enterprise_id=request.enterprise_id,
        amount_yuan=yuan_from_fen(request.amount_fen),
        term_months=request.term_months,
        purpose=request.purpose,
        preferred_method=request.preferred_method,
        created_at=request.created_at,
    )


async def offers_for(
    session: AsyncSession, actor: Actor, request_id: UUID, *, applicant_of: ApplicantOf, as_of: date
) -> OffersRead:
    """Every product judged and priced for a stored need, on the enterprise's facts of this moment."""
    request = await queries.request_for(session, actor, request_id)
    applicant = await applicant_of(session, request.enterprise_id)
    found = offers(await current_products(session), need_of(request), applicant.facts, as_of)
    return OffersRead(
        as_of=as_of, method=METHOD_IRR, ranked_by=RANKED_BY, request=request_read(request), offers=found
    )


def need_of(request: FinancingRequest) -> Need:
    """What a stored request asks of a product."""
    preferred = RepaymentMethod(request.preferred_method) if request.preferred_method else None
    return Need(yuan_from_fen(request.amount_fen), request.term_months, preferred)


async def apply(
    session: AsyncSession,
    actor: Actor,
    asked: ApplicationInput,
    *,
    applicant_of: ApplicantOf,
    translate: Translate,
    now: datetime,
    as_of: date,
) -> Application:
    """Submit one application: judged on the facts and the product version of this moment, consent recorded
    with it.

    Raises NotFound, AlreadyApplied, ProductNotOffered, NotEligible, FactsMissing, MethodNotOffered,
    ConsentMismatch.
    """
    request = await queries.request_for(session, actor, asked.financing_request_id)
    await members.require(session, actor, request.enterprise_id, Matter.APPLY)
    product = await current_product(session, asked.product_id)
    await _refuse_second(session, request.id, product.id)
    applicant = await applicant_of(session, request.enterprise_id)
    _check_consent(product, asked.consent, applicant.facts)
    if asked.consent.facts is not None:
        applicant = applicant.only(asked.consent.facts)
    need = need_of(request)
    judgement = _eligible(product, judge(product, need, applicant.facts, as_of))
    method = _method(product, asked.repayment_method, need)
    application_id = uuid4()
    given = await consent.give(
        session,
        actor,
        enterprise_id=request.enterprise_id,
        bank_id=product.bank_id,
        purpose=asked.consent.purpose,
        data_categories=asked.consent.data_categories,
        wording=consent_wording(product, applicant.facts, asked.consent.language, translate),
        language=asked.consent.language,
        now=now,
        application_id=application_id,
    )
    quote = quotes_of(product, need, method, as_of)[1]
    application = Application(
        id=application_id,
        serial=new_serial(as_of),
        financing_request_id=request.id,
        enterprise_id=request.enterprise_id,
        bank_id=product.bank_id,
        product_id=product.id,
        product_version=product.version,
        amount_fen=request.amount_fen,
        term_months=request.term_months,
        purpose=request.purpose,
        repayment_method=method.value,
        status=transition(None, Action.SUBMIT, actor.role).value,
        as_of=as_of,
        **_snapshot(applicant, product, judgement),
        quote=quote.model_dump(mode="json"),
        consent_id=given.id,
        submitted_by=actor.user_id,
        submitted_at=now,
        due_on=due_on(now),
        changed_at=now,
    )
    await _insert(session, application, request.id, product.id)
    await record(
        session,
        application,
        Action.SUBMIT,
        Status.SUBMITTED,
        actor,
        now=now,
        private={"product": product.id, "version": product.version, "as_of": as_of.isoformat()},
    )
    return application


def _snapshot(applicant: Applicant, product: ProductRead, judgement: Judgement) -> dict[str, Any]:
    return {
        "applicant": applicant.snapshot(),
        "facts": applicant.facts.to_json(),
        "product": product.model_dump(mode="json"),
        "rule_text": product.rule,
        "verdict": judgement.status.value,
        "trace": judgement.trace.to_json(),
    }


def _eligible(product: ProductRead, judgement: Judgement) -> Judgement:
    if judgement.status is Eligibility.ELIGIBLE:
        return judgement
    words = Vocabulary.shipped()
    failed = [limit.code for limit in judgement.limits if limit.verdict is False]
    if failed:
        raise ProductNotOffered(field="product_id", product_id=product.id, limits=failed)
    if judgement.status is Eligibility.UNDETERMINED:
        raise FactsMissing(
            field="product_id",
            product_id=product.id,
            missing=list(judgement.missing),
            **{key: [words.facts[name].label(lang) for name in judgement.missing] for key, lang in LABELS},
        )
    clauses = failures(judgement.trace)
    raise NotEligible(
        field="product_id",
        product_id=product.id,
        clauses=[clause.text for clause in clauses],
        **{key: [describe(clause.node, words, lang) for clause in clauses] for key, lang in LABELS},
    )


def _method(product: ProductRead, wanted: str | None, need: Need) -> RepaymentMethod:
    if wanted is None:
        return method_for(product, need.preferred_method)
    if wanted not in product.repayment_methods:
        raise MethodNotOffered(field="repayment_method", methods=product.repayment_methods)
    return RepaymentMethod(wanted)


def _check_consent(product: ProductRead, given: ConsentInput, facts: Facts) -> None:
    """Refuse a consent that names more or less than this bank, this purpose and this data (PIPL Art. 23)."""
    asked = consent_asked(product, facts)
    for name in ("bank_id", "purpose"):
        if getattr(given, name) != getattr(asked, name):
            raise ConsentMismatch(field=f"consent.{name}", expected=getattr(asked, name))
    if sorted(given.data_categories) != sorted(asked.data_categories):
        raise ConsentMismatch(field="consent.data_categories", expected=asked.data_categories)
    known = Vocabulary.shipped().facts
    if any(name not in known for name in given.facts or ()):
        raise ConsentMismatch(field="consent.facts", expected=asked.facts)


def consent_wording(product: ProductRead, facts: Facts, language: str, translate: Translate) -> str:
    """The exact words an owner consents to, naming the bank, the purpose and the data; stored with the
    consent. The first line is the sentence, the second names each fact that goes to the bank."""
    named = [fact.label(language) for fact in Vocabulary.shipped().given if fact.name in facts]
    listed = translate(language, "lending.consent.and").join(named)
    bank = product.bank_name_en if language == "en" else product.bank_name_zh
    name = product.name_en if language == "en" else product.name_zh
    sentence = translate(language, "lending.consent.wording", bank=bank, product=name, n=len(named))
    return f"{sentence}\n{translate(language, 'lending.consent.facts', facts=listed)}"


async def _refuse_second(session: AsyncSession, request_id: UUID, product_id: str) -> None:
    open_one = await session.scalar(
        select(col(Application.id)).where(
            col(Application.financing_request_id) == request_id,
            col(Application.product_id) == product_id,
            col(Application.status).in_([status.value for status in OPEN]),
        )
    )
    if open_one is not None:
        raise AlreadyApplied(application_id=str(open_one))


async def _insert(session: AsyncSession, application: Application, request_id: UUID, product_id: str) -> None:
    """Insert; the database's own unique index decides between two that passed the check at once."""
    try:
        async with session.begin_nested():
            session.add(application)
    except IntegrityError as error:
        if "uq_applications_open" not in str(error.orig):
            raise
        await _refuse_second(session, request_id, product_id)
        raise AlreadyApplied(application_id=None) from error


async def withdraw(
    session: AsyncSession, actor: Actor, application_id: UUID, *, now: datetime
) -> Application:
    """End an application of one's own that has not been paid out or decided against."""
    application = await queries.application_for(session, actor, application_id)
    await members.require(session, actor, application.enterprise_id, Matter.APPLY)
    await move(session, application, Action.WITHDRAW, actor, now=now, claimed_by=None, claimed_at=None)
    return application


async def accept(session: AsyncSession, actor: Actor, application_id: UUID, *, now: datetime) -> Application:
    """Accept the bank's offer on its terms."""
    application = await queries.application_for(session, actor, application_id)
    await members.require(session, actor, application.enterprise_id, Matter.APPLY)
    agreed = application.agreed_rate_pct or Decimal(0)
    public = {
        "amount_yuan": float(yuan_from_fen(application.agreed_amount_fen or 0)),
        "annual_rate_pct": float(agreed),
        "term_months": application.agreed_term_months,
    }
    await move(session, application, Action.ACCEPT, actor, now=now, public=public)
    return application
