"""Trying a product's version on made-up facts and a made-up need: what an owner would be told, with every reason.

On made-up facts alone: who makes products sees no enterprise and no applicant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from litestar import Request, Router, get, post
from litestar.response import Response
from litestar.status_codes import HTTP_200_OK
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.schemas import Input
from eligibility import Fact, Facts, Vocabulary
from loans import product_versions as versions
from loans.offers import Judgement, Need, formula_of, judge, rule_of
from loans.product_schemas import ProductVersionRead
from loans.schemas import AskedYuan, Months
from marketplace.i18n import translate
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.web import facts_form, forms, verdicts
from marketplace.web.bank_product_form import written
from marketplace.web.bank_product_version import version_number
from marketplace.web.bank_products import READERS
from marketplace.web.facts_form import FormAnswers
from marketplace.web.numbers import number_of
from marketplace.web.refusals import field_errors, validated
from marketplace.web.render import page
from policies.schemas import PolicyDay

AnyRequest = Request[Any, Any, Any]


class TrialNeed(Input):
    """What is asked for in a trial, and on which day."""

    amount_yuan: AskedYuan
    term_months: Months
    try_day: PolicyDay


@dataclass(frozen=True, slots=True)
class Tried:
    """What came out, in words."""

    judgement: Judgement
    need: Need
    day: date
    missing: Sequence[str]
    tree: verdicts.Line


@dataclass(frozen=True)
class Trying:
    """The page while it is used."""

    version: ProductVersionRead
    lang: str
    typed: Mapping[str, str]
    answers: FormAnswers | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    tried: Tried | None = None

    @property
    def asked(self) -> list[Fact]:
        """The facts the rule or the formula can depend on; dated parameters are the law's."""
        words = Vocabulary.shipped()
        names = set(rule_of(self.version.rule).stated_facts)
        if self.version.max_amount:
            names |= formula_of(self.version.max_amount).stated_facts
        return [fact for fact in words.given if fact.name in names and fact.name not in words.parameters]


async def _shown(session: AsyncSession, actor: Actor, product_id: str, number: str) -> ProductVersionRead:
    row = await versions.find(session, actor, product_id, version_number(number))
    return versions.read(row, await versions.bank(session, actor))


@get("/bank/products/{product_id:str}/versions/{number:str}/try", **READERS)
async def start(
    request: AnyRequest, session: AsyncSession, actor: Actor, product_id: str, number: str, as_of: date
) -> Response[str]:
    """An empty form, with the most of what is offered as the need."""
    version = await _shown(session, actor, product_id, number)
    typed = {
        "amount_yuan": written(version.max_amount_yuan),
        "term_months": str(version.max_term_months),
        "try_day": as_of.isoformat(),
    }
    return _page(request, Trying(version, language_of(request), typed))


@post("/bank/products/{product_id:str}/versions/{number:str}/try", status_code=HTTP_200_OK, **READERS)
async def go(
    request: AnyRequest, session: AsyncSession, actor: Actor, product_id: str, number: str
) -> Response[str]:
    """The version on what is typed."""
    form = await forms.read(request)
    trying = Trying(await _shown(session, actor, product_id, number), language_of(request), form)
    return _page(request, on_typed(trying))


def on_typed(trying: Trying) -> Trying:
    """What the version says to the form's facts and need."""
    answers = facts_form.read_form(trying.typed, trying.asked, trying.lang)
    asked, errors = _need(trying)
    trying = replace(trying, answers=answers, errors={**errors, **answers.errors})
    if trying.errors or asked is None:
        return trying
    facts = Facts.from_json(answers.changes, Vocabulary.shipped())
    need = Need(asked.amount_yuan, asked.term_months)
    found = judge(trying.version, need, facts, asked.try_day)
    labels = [Vocabulary.shipped().facts[name].label(trying.lang) for name in found.missing]
    tree = verdicts.tree(found.trace, trying.lang, desk=True)
    return replace(trying, tried=Tried(found, need, asked.try_day, labels, tree))


def _need(trying: Trying) -> tuple[TrialNeed | None, dict[str, str]]:
    """The need as typed, or what is wrong with it."""
    found: dict[str, object] = {"try_day": trying.typed.get("try_day", "").strip()}
    errors: dict[str, str] = {}
    for name, endings in (("amount_yuan", ("元",)), ("term_months", ("个月", "月"))):
        try:
            number = number_of(trying.typed.get(name, ""), endings)
        except ValueError:
            errors[name] = translate(trying.lang, "fact.error.number")
            continue
        whole = name == "term_months" and number == number.to_integral_value()
        found[name] = int(number) if whole else number
    if errors:
        return None, errors
    try:
        return validated(TrialNeed, found), {}
    except InvalidInput as refused:
        return None, field_errors(refused, trying.lang, "amount_yuan")


def _page(request: AnyRequest, trying: Trying) -> Response[str]:
    lang = trying.lang
    named = {"amount_yuan": "loans.amount", "term_months": "loans.term", "try_day": "try.day"}
    fields = facts_form.fields_for(trying.asked, {}, lang, typed=trying.typed, answers=trying.answers)
    return page(
        request,
        "bank/try.html",
        status_code=422 if trying.errors else HTTP_200_OK,
        version=trying.version,
        fields=fields,
        typed=trying.typed,
        errors=trying.errors,
        labels={
            **{one.name: one.label for one in fields},
            **{name: translate(lang, key) for name, key in named.items()},
        },
        tried=trying.tried,
    )


router = Router("/", route_handlers=[start, go], include_in_schema=False)
