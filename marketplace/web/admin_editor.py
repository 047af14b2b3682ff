"""An edit under way: the stored version, what is typed over it, and the page that shows both.

Nothing half-done is stored: all of it is in the form, and what two admins changed meets here before anything is saved.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from litestar import Request
from litestar.response import Response
from litestar.status_codes import HTTP_200_OK
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.roles import Role
from eligibility import Vocabulary
from eligibility.benefit import SCOPES
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.portal.codes import HOME_PROVINCE, provinces, regions
from marketplace.profiles import queries as profile_queries
from marketplace.settings import Settings
from marketplace.web import admin_builder_view as view
from marketplace.web.admin_builder_bench import Bench, begun, sent
from marketplace.web.admin_diagnosis import amount_said, diagnosis
from marketplace.web.admin_form import (
    FAMILY,
    INPUT,
    INPUT_TYPES,
    LINES,
    MOST_LISTED,
    NATIONWIDE,
    area_words,
    draft_of,
    fields_of,
    inputs_of,
    listed,
    numbered,
    units_of,
    values_of,
)
from marketplace.web.admin_merge import CLASH, TAKE, WAS, Merged, chosen, met, was_of
from marketplace.web.policy_words import PolicyWords
from marketplace.web.refusals import validated
from marketplace.web.render import page
from policies import drafting, queries
from policies.schemas import VersionRead
from policies.tables import CATEGORIES, LEVELS, MARKS

AnyRequest = Request[Any, Any, Any]
DIFFED = (*LINES, "region_code", "benefit", "exclusions", "relations", "sources")
"""The parts of a version that are compared word by word."""
LABELLED = (
    *LINES, "region_code", "exclusions", "amount", "benefit_type", "per", "basis_zh", "basis_en", "counts", "at_most",
    "inputs", "scopes", "sources", "families", "citations", "try_day",
)  # fmt: skip
NEW = "/admin/policies/new"


@dataclass(frozen=True, slots=True)
class MergeShown:
    """What another admin changed: units taken as they are now, and those to choose between, in words."""

    taken: list[tuple[str, str]]
    clashes: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Editing:
    """version: as stored now; None for a policy that is not there yet. values: the form's fields. was: what the form
    began from, unit by unit.
    """

    version: VersionRead | None
    values: Mapping[str, str]
    bench: Bench
    was: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    merge: MergeShown | None = None

    @classmethod
    def stored(cls, version: VersionRead, lang: str) -> "Editing":
        """The version as it stands."""
        values, bench = values_of(version, lang), begun(version.rule, citations_of(version))
        return cls(version, values, bench, units_of(values, bench.citations))

    @classmethod
    def sent(cls, version: VersionRead | None, form: Mapping[str, str]) -> "Editing":
        """What a form holds after one of its buttons."""
        deed = form.get("do", "")
        bench = sent(form, deed)
        values = {**_grown(form, deed), "rule": bench.text}
        return cls(version, values, bench, was_of(form))

    def refused(self, errors: Mapping[str, str]) -> "Editing":
        """The same with what is wrong."""
        return replace(self, errors=errors)

    def unsaid(self, lang: str) -> dict[str, str]:
        """What keeps the rows from being saved: said by half, or otherwise than the text."""
        if self.bench.torn:
            return {"rule": translate(lang, "builder.torn")}
        return view.shown(self.bench, lang).unfinished if self.bench.problems else {}


def citations_of(version: VersionRead) -> list[Mapping[str, str]]:
    """Where the law says single conditions, as stored."""
    return list(version.relations.get(drafting.CITATIONS) or ())


def _grown(form: Mapping[str, str], deed: str) -> dict[str, str]:
    """The form with what a button adds outside the builder: an exclusion, or one more family."""
    if deed == "exclude" and form.get("exclude", "").strip():
        ids = dict.fromkeys([*form.get("exclusions", "").split(), *form["exclude"].split()[:1]])
        return {**form, "exclusions": "\n".join(ids)}
    if deed == "family":
        return {**form, **numbered("family", [*listed(form, "family", FAMILY), dict.fromkeys(FAMILY, "")])}
    return dict(form)


def conflict(editing: Editing, lang: str) -> Editing | None:
    """The edit merged with what another admin saved meanwhile; None where there is nothing to look at."""
    version = editing.version
    assert version is not None
    now = Editing.stored(version, lang).was
    mine = units_of(editing.values, editing.bench.citations)
    stale = editing.values.get("seen_sha256") != version.content_sha256
    result = met(editing.values, editing.was, now, mine, stale=stale)
    if result is None:
        return None
    meeting = with_units(editing, result)
    errors = {u: translate(lang, "builder.clash") for u in result.clashes}
    return replace(
        meeting,
        values={**meeting.values, "seen_sha256": version.content_sha256, CLASH: " ".join(result.clashes)},
        was=now,
        errors=errors,
        merge=MergeShown(
            [(u, readable(text)) for u, text in result.taken.items()],
            [(u, readable(a), readable(b)) for u, (a, b) in result.clashes.items()],
        ),
    )


def decided(editing: Editing, lang: str) -> Editing:
    """The edit with what was chosen where two had changed the same."""
    assert editing.version is not None
    now = Editing.stored(editing.version, lang).was
    return with_units(editing, chosen(editing.values, now, units_of(editing.values, editing.bench.citations)))


def with_units(editing: Editing, result: Merged) -> Editing:
    """The edit with the units that were taken from the other one."""
    values, bench = dict(editing.values), editing.bench
    for unit, text in result.taken.items():
        if unit != "citations":
            values = fields_of(unit, text, values)
    if {"rule", "citations"} & result.taken.keys():
        bench = begun(result.units["rule"], json.loads(result.units["citations"] or "[]"))
        bench = replace(bench, past=editing.bench.past, future=editing.bench.future)
    return replace(editing, values={**values, "rule": bench.text}, bench=bench)


def readable(text: str) -> str:
    """A unit for people: lists entry by entry."""
    try:
        loaded = json.loads(text) if text[:1] in "[{" else text
    except ValueError:
        return text
    if isinstance(loaded, dict):
        loaded = [f"{name} {value}" for name, value in loaded.items()]
    if not isinstance(loaded, list):
        return text
    entries = [one.values() if isinstance(one, dict) else [one] for one in loaded]
    return "\n".join("　".join(str(value) for value in one if value) for one in entries)


def draft_from(editing: Editing) -> drafting.WholeDraft:
    """What is typed as a draft. Raises InvalidInput."""
    return validated(drafting.WholeDraft, draft_of(editing.values, editing.bench, editing.version))


async def editor_page(
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    editing: Editing,
    status: int = HTTP_200_OK,
    trial: object = None,
) -> Response[str]:
    """The page of an edit."""
    lang, version, values = language_of(request), editing.version, editing.values
    return page(
        request,
        "admin/editor.html",
        status_code=status,
        version=version,
        words=PolicyWords(lang, today(request)),
        values=values,
        errors=editing.errors,
        hidden=_hidden(editing),
        merge=editing.merge,
        shown=view.shown(editing.bench, lang),
        diagnosis=diagnosis(editing.bench.text, lang),
        amount=amount_said(values.get("amount", ""), inputs_of(values), lang),
        bench_url=f"/admin/policies/{version.id}" if version else NEW,
        lists=await _lists(session, editing, lang),
        trial=trial,
        enterprises=await profile_queries.some_enterprises(session, 100) if version else [],
        can_edit=actor.role is Role.POLICY_ADMIN and (version is None or version.status in EDITABLE),
        history=await queries.history(session, version.id) if version else [],
        labels={name: translate(lang, f"admin.{name}") for name in LABELLED},
    )


EDITABLE = ("draft", "published", "superseded", "rejected", "withdrawn")


def _hidden(editing: Editing) -> dict[str, str]:
    """What the form carries along: the content it began from, and what is still to be chosen."""
    found = {f"{WAS}{unit}": text for unit, text in editing.was.items()}
    for name in ("seen_sha256", CLASH):
        if editing.values.get(name):
            found[name] = editing.values[name]
    open_ = editing.values.get(CLASH, "").split() if editing.merge is None else []
    return found | {
        f"{TAKE}{u}": editing.values[f"{TAKE}{u}"] for u in open_ if f"{TAKE}{u}" in editing.values
    }


async def _lists(session: AsyncSession, editing: Editing, lang: str) -> dict[str, Any]:
    """What the form's choices offer."""
    values, none = editing.values, ("", translate(lang, "builder.none"))
    rows = await queries.newest_versions(session)
    named = {row.policy_id: row.name_zh if lang == "zh-CN" else row.name_en for row in rows}
    cities = [code for code, one in regions().items() if one.level == "city" and one.parent == HOME_PROVINCE]
    areas = [NATIONWIDE, *(one.code for one in provinces()), *cities]
    counted = [fact for fact in Vocabulary.shipped().given if fact.unit == "person"]

    def said(prefix: str, names: tuple[str, ...]) -> list[tuple[str, str]]:
        return [(name, translate(lang, f"{prefix}.{name}")) for name in names]

    return {
        "levels": said("level", LEVELS),
        "categories": said("category", CATEGORIES),
        "areas": [(code, area_words(code, lang)) for code in areas],
        "benefits": said("benefit", drafting.BENEFIT_TYPES),
        "pers": [none, *said("per", drafting.PERS)],
        "counts": [none, *((fact.name, fact.label(lang)) for fact in counted)],
        "policies": [
            (one, name) for one, name in named.items() if editing.version is None or one != editing.version.id
        ],
        "excluded": [(one, named[one]) for one in values.get("exclusions", "").split() if one in named],
        "scopes": [
            ("" if one == "enterprise" else one, translate(lang, f"builder.scope.{one}")) for one in SCOPES
        ],
        "marks": said("checked", MARKS),
        "family_keys": FAMILY,
        "families": sum(f"family.{at}.id" in values for at in range(MOST_LISTED)),
        "input_types": said("builder.input_type", INPUT_TYPES),
        "inputs": min(len(listed(values, "input", INPUT, set_apart="type")) + 1, MOST_LISTED),
        "sources": min(len(listed(values, "source", ("mark", "text"))) + 1, MOST_LISTED),
    }


def today(request: AnyRequest) -> date:
    """The day pages judge policies on."""
    settings: Settings = request.app.state["settings"]
    return settings.as_of
