"""Owners and loans: the products, a need, what each product would really cost, applying, and following the case.

The pages show what loans/ worked out; nothing is computed here but words and the widths of bars.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth import idempotency
from auth.actor import Actor
from auth.errors import AuthError
from auth.guards import PUBLIC, access
from auth.roles import Role
from eligibility import Facts, Vocabulary, explain, parse
from eligibility.sentence import describe
from loans import applications, offers, products
from loans.errors import LoansError
from loans.schedule import RepaymentMethod
from loans.schemas import (
    ApplicationInput,
    FinancingRequestInput,
    FinancingRequestRead,
    OfferRead,
    OffersRead,
    ProductRead,
    QuoteRead,
)
from loans.state import LoansState
from marketplace.i18n import translate
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.portal.codes import namer
from marketplace.profiles import service as profiles
from marketplace.web import forms, verdicts
from marketplace.web.numbers import number_of
from marketplace.web.refusals import field_errors, validated
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]
OWNER = access(Role.OWNER)
READERS = access(Role.OWNER)
APPLY = "POST /loans/apply"
NEED_FIELDS = ("enterprise_id", "amount_yuan", "term_months", "purpose")


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer with its words. bar: 0..100, the payment against the largest shown."""

    offer: OfferRead
    line: verdicts.Line
    reasons: Sequence[verdicts.Reason]
    missing: Sequence[tuple[str, str]]
    bar: int


@get("/loans", **PUBLIC)
async def listing(
    request: AnyRequest, session: AsyncSession, maybe_actor: Actor | None, enterprise: UUID | None = None
) -> Response[str]:
    """Every product as it is, and the form to state a need."""
    values = {"enterprise_id": str(enterprise) if enterprise else ""}
    return await _listing(request, session, maybe_actor, values, {}, HTTP_200_OK)


async def _listing(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor | None,
    values: Mapping[str, str],
    errors: Mapping[str, str],
    status: int,
) -> Response[str]:
    lang = language_of(request)
    owner = actor is not None and actor.role is Role.OWNER
    mine = await profiles.my_enterprises(session, actor) if actor is not None and owner else []
    found = await products.current_products(session)
    return page(
        request,
        "loans/listing.html",
        status_code=status,
        products=found,
        rules={product.id: rule_words(product.rule, lang) for product in found},
        banks=len({product.bank_id for product in found}),
        enterprises=mine,
        is_owner=owner,
        values=values,
        errors=errors,
    )


def rule_words(text: str, lang: str) -> str:
    """A product's conditions as a sentence."""
    rule = parse(text, Vocabulary.shipped())
    return describe(rule.root, rule.vocabulary, lang, namer(lang))


@post("/loans/requests", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def ask(request: AnyRequest, session: AsyncSession, actor: Actor, now: datetime) -> Response[Any]:
    """State a need and go on to the comparison."""
    form = await forms.read(request)
    lang = language_of(request)
    values = {name: form.get(name, "").strip() for name in NEED_FIELDS}
    try:
        made = await applications.ask(session, actor, _need(values), now=now)
    except (InvalidInput, LoansError) as refused:
        errors = field_errors(refused, lang, "amount_yuan")
        return await _listing(request, session, actor, values, errors, 422)
    return Redirect(f"/loans/requests/{made.id}", status_code=HTTP_303_SEE_OTHER)


def _need(values: Mapping[str, str]) -> FinancingRequestInput:
    """The form's need. Raises InvalidInput."""
    found: dict[str, object] = {"purpose": values["purpose"]}
    try:
        found["enterprise_id"] = UUID(values["enterprise_id"])
    except ValueError:
        found["enterprise_id"] = values["enterprise_id"]
    for name in ("amount_yuan", "term_months"):
        try:
            number = number_of(values[name])
            found[name] = int(number) if number == number.to_integral_value() else number
        except ValueError:
            found[name] = values[name]
    return validated(FinancingRequestInput, found)


@get("/loans/requests/{request_id:uuid}", **OWNER)
async def compare(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    request_id: UUID,
    lending: LoansState,
    as_of: date,
) -> Response[str]:
    """Every product on one scale for a need."""
    found = await applications.offers_for(
        session, actor, request_id, applicant_of=lending.applicant_of, as_of=as_of
    )
    applicant = await lending.applicant_of(session, found.request.enterprise_id)
    facts = applicant.facts.on(as_of, Vocabulary.shipped())
    return page(
        request,
        "loans/compare.html",
        found=found,
        enterprise_name=applicant.name,
        groups=_grouped(found, facts, language_of(request)),
    )


def _grouped(found: OffersRead, facts: Facts, lang: str) -> dict[str, list[OfferView]]:
    largest = max(
        (q.payment_yuan for o in found.offers if (q := o.quote_at_highest_rate) and q.payments > 1),
        default=Decimal(1),
    )
    groups: dict[str, list[OfferView]] = {"eligible": [], "undetermined": [], "ineligible": []}
    for offer in found.offers:
        groups[offer.status].append(_view(offer, facts, lang, largest, found.request.enterprise_id))
    return groups


def _view(offer: OfferRead, facts: Facts, lang: str, largest: Decimal, enterprise_id: UUID) -> OfferView:
    vocabulary = Vocabulary.shipped()
    trace = explain(parse(offer.product.rule, vocabulary), facts)
    quote = offer.quote_at_highest_rate
    bar = int(100 * min(quote.payment_yuan, largest) / largest) if quote and quote.payments > 1 else 0
    missing = [vocabulary.facts[name] for name in offer.missing if name in vocabulary.facts]
    return OfferView(
        offer,
        verdicts.tree(trace, lang, kept=True),
        verdicts.reasons_of(trace, lang, kept=True),
        [(f"/account/enterprises/{enterprise_id}/facts/{f.group}#{f.name}", f.label(lang)) for f in missing],
        bar,
    )


@get("/loans/requests/{request_id:uuid}/apply/{product_id:str}", **OWNER)
async def apply_form(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    request_id: UUID,
    product_id: str,
    lending: LoansState,
    as_of: date,
) -> Response[str]:
    """Check your answers and give consent, before anything is sent."""
    return await _apply_page(request, session, actor, request_id, product_id, lending, as_of)


async def _apply_page(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    request_id: UUID,
    product_id: str,
    lending: LoansState,
    as_of: date,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response[str]:
    lang = language_of(request)
    found = await applications.offers_for(
        session, actor, request_id, applicant_of=lending.applicant_of, as_of=as_of
    )
    sent = values or {}
    product = await products.current_product(session, product_id)
    offer = next(o for o in found.offers if o.product.id == product.id)
    applicant = await lending.applicant_of(session, found.request.enterprise_id)
    return page(
        request,
        "loans/apply.html",
        status_code=422 if errors else HTTP_200_OK,
        offer=offer,
        found=found,
        applicant=applicant,
        costs=costs(offer, found.request, as_of),
        facts=fact_lines(applicant.facts, lang, used_by(product)),
        groups=fact_groups(applicant.facts, lang),
        wording=applications.consent_wording(product, applicant.facts, lang, lending.press.translate),
        key=sent.get("key") or str(uuid4()),
        method=sent.get("repayment_method") or offer.repayment_method,
        ticked=sent.get("consent") == "yes",
        errors=errors or {},
    )


@dataclass(frozen=True, slots=True)
class MethodCost:
    """What one way to repay costs, at the lowest and at the highest rate of the product's band."""

    method: str
    low: QuoteRead
    high: QuoteRead


def costs(offer: OfferRead, need: FinancingRequestRead, as_of: date) -> list[MethodCost]:
    """Each repayment method of an offer with its cost; none where the need is outside the product's limits."""
    if offer.quote_at_highest_rate is None:
        return []
    asked = offers.Need(need.amount_yuan, need.term_months)
    return [
        MethodCost(name, *offers.quotes_of(offer.product, asked, RepaymentMethod(name), as_of))
        for name in offer.product.repayment_methods
    ]


def used_by(product: ProductRead) -> frozenset[str]:
    """The facts a product's rule names."""
    return parse(product.rule, Vocabulary.shipped()).facts


def fact_lines(facts: Facts, lang: str, only: frozenset[str] | None = None) -> list[tuple[str, str]]:
    """Facts in words: (label, value), in the order of the vocabulary."""
    return [
        (fact.label(lang), verdicts.fact_words(fact, facts[fact.name], lang))
        for fact in Vocabulary.shipped().given
        if fact.name in facts and (only is None or fact.name in only)
    ]


def fact_groups(facts: Facts, lang: str) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Facts by group: its label, and (name, label, value) of each."""
    vocabulary = Vocabulary.shipped()
    grouped = [
        (
            group.label(lang),
            [
                (fact.name, fact.label(lang), verdicts.fact_words(fact, facts[fact.name], lang))
                for fact in vocabulary.given
                if fact.group == group.name and fact.name in facts
            ],
        )
        for group in vocabulary.groups
    ]
    return [(label, lines) for label, lines in grouped if lines]


@post("/loans/requests/{request_id:uuid}/apply/{product_id:str}", status_code=HTTP_303_SEE_OTHER, **OWNER)
async def apply(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    request_id: UUID,
    product_id: str,
    lending: LoansState,
    now: datetime,
    as_of: date,
) -> Response[Any]:
    """Send the application once, however often the button is pressed."""
    form = await forms.read(request)
    lang = language_of(request)
    errors = await _unready(session, product_id, form, lang)
    if errors:
        return await _apply_page(
            request, session, actor, request_id, product_id, lending, as_of, form, errors
        )
    try:
        application_id = await _apply_once(
            session, actor, request_id, product_id, form, lang, lending, now, as_of
        )
    except (InvalidInput, LoansError, AuthError) as refused:
        errors = field_errors(refused, lang, "consent")
        return await _apply_page(
            request, session, actor, request_id, product_id, lending, as_of, form, errors
        )
    return Redirect(f"/applications/{application_id}?sent=1", status_code=HTTP_303_SEE_OTHER)


async def _unready(
    session: AsyncSession, product_id: str, form: Mapping[str, str], lang: str
) -> dict[str, str]:
    """What keeps the form from being sent, all at once."""
    product = await products.current_product(session, product_id)
    errors = {}
    wanted = form.get("repayment_method")
    if wanted and wanted not in product.repayment_methods:
        errors["repayment_method"] = translate(lang, "apply.method_needed")
    if form.get("consent") != "yes":
        errors["consent"] = translate(lang, "apply.consent_needed")
    return errors


async def _apply_once(
    session: AsyncSession,
    actor: Actor,
    request_id: UUID,
    product_id: str,
    form: Mapping[str, str],
    lang: str,
    lending: LoansState,
    now: datetime,
    as_of: date,
) -> str:
    """The application's id. The form's key makes a second press answer with the first application.

    The consent names the facts the form listed: what became known since stays unsent.
    """
    product = await products.current_product(session, product_id)
    named = [name for name in form.get("facts", "").split(",") if name]
    asked = offers.consent_asked(product, Facts())
    body: dict[str, object] = {
        "financing_request_id": request_id,
        "product_id": product_id,
        "consent": {**asked.model_dump(), "facts": named, "language": lang},
    }
    if form.get("repayment_method"):
        body["repayment_method"] = form["repayment_method"]
    data = validated(ApplicationInput, body)
    digest = hashlib.sha256(data.model_dump_json().encode()).hexdigest()
    key = form.get("key")
    before = await idempotency.once(session, actor, APPLY, key, digest, now=now)
    if before is not None:
        return str(before.body["id"])
    made = await applications.apply(
        session,
        actor,
        data,
        applicant_of=lending.applicant_of,
        translate=lending.press.translate,
        now=now,
        as_of=as_of,
    )
    await idempotency.save_response(session, actor, APPLY, key or "", status=201, body={"id": str(made.id)})
    return str(made.id)


router = Router("/", route_handlers=[listing, ask, compare, apply_form, apply], include_in_schema=False)
