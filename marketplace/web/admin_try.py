"""Trying a version: on made-up facts or a registered enterprise, as of any day, with every reason and the amount.

One form, so that nothing typed is lost between trying, looking for an enterprise and keeping a case. Whose data was
looked at is audited, and is never kept as a case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth import audit
from auth.actor import Actor
from eligibility import Fact, Facts, Status, Vocabulary
from eligibility.sentence import Teller
from marketplace.i18n import translate
from marketplace.inputs import InvalidInput
from marketplace.language import language_of
from marketplace.portal.codes import namer
from marketplace.profiles import queries as profile_queries
from marketplace.profiles import service as profiles
from marketplace.profiles.tables import Enterprise
from marketplace.web import facts_form, forms, result_amounts, verdicts
from marketplace.web.admin import ADMIN
from marketplace.web.admin_cases_page import case_id
from marketplace.web.admin_version import version_number
from marketplace.web.facts_form import FormAnswers
from marketplace.web.numbers import number_of
from marketplace.web.refusals import field_errors, validated
from marketplace.web.render import page
from marketplace.web.result_amounts import Typed
from policies import cases, trying, versions
from policies.case_tables import PolicyCase
from policies.cases import CaseText
from policies.errors import PoliciesError
from policies.schemas import Trial as TrialDay
from policies.schemas import VersionRead
from policies.tables import PolicyVersion
from policies.trying import Subject, Trial

AnyRequest = Request[Any, Any, Any]
MOST_FOUND = 10
SHORTEST_SEARCH = 2


@dataclass(frozen=True, slots=True)
class Tried:
    """What came out, in words. `whose`: the enterprise's name; None for made-up facts."""

    trial: Trial
    whose: str | None
    missing: Sequence[str]
    waits_for: Sequence[str]
    formula: str | None
    basis: str | None
    tree: verdicts.Line


@dataclass(frozen=True)
class Bench:
    """The page while it is used: the version, what is typed, what was found and what came out."""

    row: PolicyVersion
    subject: Subject
    lang: str
    typed: Mapping[str, str]
    answers: FormAnswers | None = None
    figures: Typed | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    found: Sequence[Enterprise] | None = None
    tried: Tried | None = None
    replacing: PolicyCase | None = None

    @property
    def asked(self) -> list[Fact]:
        """The facts the rule or the amount can depend on, in the vocabulary's order; dated parameters are the law's."""
        words = Vocabulary.shipped()
        names = set(self.subject.rule.stated_facts)
        if self.subject.benefit.amount is not None:
            names |= self.subject.benefit.amount.stated_facts
        return [fact for fact in words.given if fact.name in names and fact.name not in words.parameters]

    def refused(self, **errors: str) -> "Bench":
        return replace(self, errors={**self.errors, **errors})


@get("/admin/policies/{policy_id:str}/versions/{number:str}/try", **ADMIN)
async def start(
    request: AnyRequest, session: AsyncSession, policy_id: str, number: str, as_of: date, case: str = ""
) -> Response[str]:
    """An empty form, or a kept case with what the version says of it."""
    row = await versions.find(session, policy_id, version_number(number))
    subject, lang = trying.subject_of(row), language_of(request)
    if not case:
        bench = Bench(row, subject, lang, {"try_day": first_day(subject, as_of).isoformat()})
        return _page(request, bench)
    kept = await cases.find(session, policy_id, case_id(case))
    bench = Bench(row, subject, lang, {}, replacing=kept)
    bench = replace(bench, typed=typed_of(kept, bench))
    return _page(request, _on_typed(bench))


def first_day(subject: Subject, as_of: date) -> date:
    """The service's day, or the nearest on which the version is in effect."""
    if as_of < subject.starts:
        return subject.starts
    return as_of if subject.ends is None or as_of <= subject.ends else subject.ends


def typed_of(case: PolicyCase, bench: Bench) -> dict[str, str]:
    """A kept case as the form has it."""
    typed = {
        "case": str(case.id),
        "try_day": case.day.isoformat(),
        "name": case.name,
        "expected": case.expected,
    }
    if case.expected_yuan is not None:
        typed["expected_yuan"] = str(case.expected_yuan)
    for one in facts_form.fields_for(bench.asked, case.facts, bench.lang):
        typed[one.name] = one.value
        if one.none:
            typed[f"{facts_form.NONE_FIELD}{one.name}"] = "1"
    for fact in bench.subject.benefit.inputs:
        typed[f"{case.policy_id}.{fact.name}"] = facts_form.written(fact, case.figures.get(fact.name))
    return typed


@post("/admin/policies/{policy_id:str}/versions/{number:str}/try", status_code=HTTP_200_OK, **ADMIN)
async def go(
    request: AnyRequest, session: AsyncSession, actor: Actor, policy_id: str, number: str, now: datetime
) -> Response[Any]:
    """Try what is typed, look for an enterprise, try on one, or keep what was tried as a case."""
    form, lang = await forms.read(request), language_of(request)
    row = await versions.find(session, policy_id, version_number(number))
    bench = Bench(row, trying.subject_of(row), lang, form)
    if form.get("case"):
        bench = replace(bench, replacing=await cases.find(session, policy_id, case_id(form["case"])))
    if "find" in form or "enterprise" in form:
        return _page(request, await _on_enterprise(session, actor, bench, now))
    bench = _on_typed(bench)
    if "keep" not in form or bench.errors or bench.tried is None:
        return _page(request, bench)
    return await _kept(request, session, actor, bench, now)


def _on_typed(bench: Bench) -> Bench:
    """The version on the facts in the form."""
    answers = facts_form.read_form(bench.typed, bench.asked, bench.lang)
    figures = result_amounts.read(bench.typed, bench.row.policy_id, bench.subject.benefit, bench.lang)
    day, errors = day_of(bench)
    bench = replace(
        bench, answers=answers, figures=figures, errors={**errors, **answers.errors, **figures.errors}
    )
    if bench.errors or day is None:
        return bench
    own = trying.figures_of(bench.subject.benefit, figures.figures)
    facts = Facts.from_json(answers.changes, Vocabulary.shipped())
    return replace(bench, tried=told(bench, bench.subject.on(facts, day, own), None))


def day_of(bench: Bench) -> tuple[date | None, dict[str, str]]:
    """The day as typed, or what is wrong with it."""
    try:
        return validated(TrialDay, {"try_day": bench.typed.get("try_day", "").strip()}).try_day, {}
    except InvalidInput as refused:
        return None, field_errors(refused, bench.lang, "try_day")


def told(bench: Bench, trial: Trial, whose: str | None) -> Tried:
    """A trial in words."""
    lang, amount = bench.lang, trial.benefit.amount
    words = amount.vocabulary if amount is not None else trial.rule.vocabulary
    waits = trial.amount.missing if trial.amount else ()
    return Tried(
        trial,
        whose,
        [words.facts[name].label(lang) for name in trial.verdict.missing],
        [words.facts[name].label(lang) for name in waits],
        None if amount is None else Teller(words, lang, namer(lang)).term(amount.root),
        trial.benefit.basis(lang),
        verdicts.tree(
            trial.trace, lang, bench.row.clause_en if lang == "en" else bench.row.clause_zh, desk=True
        ),
    )


async def _on_enterprise(session: AsyncSession, actor: Actor, bench: Bench, now: datetime) -> Bench:
    """Enterprises by what was looked for, and the version on the one that was chosen."""
    words = bench.typed.get("q", "").strip()
    if len(words) < SHORTEST_SEARCH:
        return bench.refused(q=translate(bench.lang, "try.search_empty"))
    bench = replace(bench, found=await profile_queries.enterprises_like(session, words, MOST_FOUND))
    if "enterprise" not in bench.typed:
        return bench
    day, errors = day_of(bench)
    enterprise = await enterprise_of(session, bench.typed["enterprise"])
    if day is None or enterprise is None:
        return bench.refused(**(errors or {"q": translate(bench.lang, "try.found_none")}))
    facts = await profiles.facts_of(session, enterprise.id)
    await audit.record(
        session,
        actor,
        action="policies.try",
        subject=("enterprise", enterprise.id),
        tenant=str(enterprise.id),
        detail={"policy": bench.row.policy_id, "version": bench.row.version, "day": day.isoformat()},
        now=now,
    )
    return replace(bench, tried=told(bench, bench.subject.on(facts, day), enterprise.name))


async def enterprise_of(session: AsyncSession, typed: str) -> Enterprise | None:
    """The enterprise of an id as the form has it; what is no id names none."""
    try:
        return await profile_queries.enterprise_by_id(session, UUID(typed))
    except ValueError:
        return None


async def _kept(
    request: AnyRequest, session: AsyncSession, actor: Actor, bench: Bench, now: datetime
) -> Response[Any]:
    """Keep what was tried; the verdict it is to have is the admin's."""
    try:
        text = case_text(bench)
        if text is None:
            needs = translate(bench.lang, "try.keep_needs_verdict")
            return _page(request, bench.refused(expected=needs))
        async with session.begin_nested():
            await cases.keep(session, actor, bench.row, text, now=now, replaces=bench.replacing)
    except ValueError:
        words = translate(bench.lang, "fact.error.number")
        return _page(request, bench.refused(expected_yuan=words))
    except (InvalidInput, PoliciesError) as refused:
        errors = field_errors(refused, bench.lang, "name")
        return _page(request, bench.refused(**errors), 409 if isinstance(refused, PoliciesError) else 422)
    address = f"/admin/policies/{bench.row.policy_id}/versions/{bench.row.version}#cases"
    return Redirect(address, status_code=HTTP_303_SEE_OTHER)


def case_text(bench: Bench) -> CaseText | None:
    """The case as typed; None while no verdict is chosen. Raises InvalidInput, ValueError."""
    form, yuan = bench.typed, bench.typed.get("expected_yuan", "").strip()
    if not form.get("expected"):
        return None
    assert bench.answers is not None
    assert bench.figures is not None
    asked = {fact.name for fact in bench.asked}
    before = {} if bench.replacing is None else bench.replacing.facts
    unasked = {name: value for name, value in before.items() if name not in asked}
    return validated(
        CaseText,
        {
            "name": form.get("name", ""),
            "facts": {**unasked, **bench.answers.changes},
            "figures": dict(bench.figures.figures),
            "day": form.get("try_day", "").strip(),
            "expected": form["expected"],
            "expected_yuan": number_of(yuan, ("元",)) if yuan else None,
        },
    )


def _page(request: AnyRequest, bench: Bench, status: int | None = None) -> Response[str]:
    lang = bench.lang
    keys = {
        "try_day": "try.day", "q": "try.search", "name": "try.keep_name", "expected": "cases.expected",
        "expected_yuan": "try.keep_yuan",
    }  # fmt: skip
    own = trying.figures_of(bench.subject.benefit, {})
    typed = bench.figures or Typed(bench.row.policy_id, texts=bench.typed)
    fields = facts_form.fields_for(bench.asked, {}, lang, typed=bench.typed, answers=bench.answers)
    figures = result_amounts.fields_of(bench.row.policy_id, bench.subject.benefit, own, lang, typed)
    labels = {one.name: one.label for one in (*fields, *figures)}
    return page(
        request,
        "admin/try.html",
        status_code=status or (422 if bench.errors else HTTP_200_OK),
        version=VersionRead.model_validate(bench.row),
        fields=fields,
        figures=figures,
        typed=bench.typed,
        errors=bench.errors,
        labels={**labels, **{name: translate(lang, key) for name, key in keys.items()}},
        found=bench.found,
        tried=bench.tried,
        replacing=bench.replacing,
        statuses=[one.value for one in Status],
    )


router = Router("/", route_handlers=[start, go], include_in_schema=False)
