"""A product's edit under way: the stored version, what is typed over it, and the page that shows both.

The rule is written on the policies' own bench; nothing half-done is stored, and what two people of a bank changed meets
here before anything is saved.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from litestar import Request
from litestar.response import Response
from litestar.status_codes import HTTP_200_OK
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.roles import Role
from loans import product_versions as versions
from loans.product_schemas import ProductVersionRead
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.web import admin_builder_view as view
from marketplace.web import bank_product_form as product_form
from marketplace.web.admin_builder_bench import Bench, begun, sent
from marketplace.web.admin_diagnosis import amount_said, diagnosis
from marketplace.web.admin_editor import MergeShown
from marketplace.web.admin_merge import CLASH, TAKE, WAS, Merged, chosen, met, was_of
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Editing:
    """version: as stored now. values: the form's fields. was: what the form began from, unit by unit."""

    version: ProductVersionRead
    values: Mapping[str, str]
    bench: Bench
    was: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    merge: MergeShown | None = None

    @classmethod
    def stored(cls, version: ProductVersionRead) -> "Editing":
        """The version as it stands."""
        values = product_form.values_of(version)
        return cls(version, values, begun(version.rule), product_form.units_of(values))

    @classmethod
    def sent(cls, version: ProductVersionRead, form: Mapping[str, str]) -> "Editing":
        """What a form holds after one of its buttons."""
        bench = sent(form, form.get("do", ""))
        return cls(version, {**form, "rule": bench.text}, bench, was_of(form))

    def refused(self, errors: Mapping[str, str]) -> "Editing":
        """The same with what is wrong."""
        return replace(self, errors=errors)

    def unsaid(self, lang: str) -> dict[str, str]:
        """What keeps the form from being saved: rows said by half or otherwise than the text, numbers that are none."""
        if self.bench.torn:
            return {"rule": translate(lang, "builder.torn")}
        rows = view.shown(self.bench, lang, citing=False).unfinished if self.bench.problems else {}
        return {**rows, **product_form.unreadable(self.values, lang)}


def conflict(editing: Editing, lang: str) -> Editing | None:
    """The edit merged with what somebody else saved meanwhile; None where there is nothing to look at."""
    now, mine = Editing.stored(editing.version).was, product_form.units_of(editing.values)
    stale = editing.values.get("seen_sha256") != editing.version.content_sha256
    result = met(editing.values, editing.was, now, mine, stale=stale)
    if result is None:
        return None
    meeting = with_units(editing, result)
    kept = {"seen_sha256": editing.version.content_sha256, CLASH: " ".join(result.clashes)}
    return replace(
        meeting,
        values={**meeting.values, **kept},
        was=now,
        errors={unit: translate(lang, "builder.clash") for unit in result.clashes},
        merge=MergeShown(
            [(unit, said(unit, text, lang)) for unit, text in result.taken.items()],
            [(unit, said(unit, a, lang), said(unit, b, lang)) for unit, (a, b) in result.clashes.items()],
        ),
    )


def said(unit: str, text: str, lang: str) -> str:
    """A unit for people."""
    if unit == product_form.METHODS_UNIT:
        return "\n".join(translate(lang, f"lending.method.{method}") for method in text.split())
    return product_form.guarantee_words(text, lang) if unit == "guarantee" and text else text


def decided(editing: Editing) -> Editing:
    """The edit with what was chosen where two had changed the same."""
    now = Editing.stored(editing.version).was
    return with_units(editing, chosen(editing.values, now, product_form.units_of(editing.values)))


def with_units(editing: Editing, result: Merged) -> Editing:
    """The edit with the units that were taken from the other one."""
    values, bench = dict(editing.values), editing.bench
    for unit, text in result.taken.items():
        values = product_form.fields_of(unit, text, values)
    if "rule" in result.taken:
        before = bench
        bench = replace(begun(result.taken["rule"]), past=before.past, future=before.future)
    return replace(editing, values={**values, "rule": bench.text}, bench=bench)


async def editor_page(
    request: AnyRequest, session: AsyncSession, actor: Actor, editing: Editing, status: int = HTTP_200_OK
) -> Response[str]:
    """The page of an edit."""
    lang, version, values = language_of(request), editing.version, editing.values
    return page(
        request,
        "bank/editor.html",
        status_code=status,
        version=version,
        values=values,
        errors=editing.errors,
        hidden=_hidden(editing),
        merge=editing.merge,
        shown=view.shown(editing.bench, lang, citing=False),
        diagnosis=diagnosis(editing.bench.text, lang),
        amount=amount_said(values.get("max_amount", ""), (), lang),
        bench_url=f"/bank/products/{version.id}",
        lists=product_form.choices(lang),
        can_edit=actor.role is Role.PRODUCT_MANAGER and version.status != "submitted",
        history=await versions.history(session, actor, version.id),
        labels=labels(lang),
    )


def labels(lang: str) -> dict[str, str]:
    """What each unit is called."""
    return {unit: translate(lang, f"products.field.{unit}") for unit in product_form.UNITS}


def _hidden(editing: Editing) -> dict[str, str]:
    """What the form carries along: the content it began from, and what is still to be chosen."""
    values = editing.values
    found = {f"{WAS}{unit}": text for unit, text in editing.was.items()}
    found |= {name: values[name] for name in ("seen_sha256", CLASH) if values.get(name)}
    open_ = values.get(CLASH, "").split() if editing.merge is None else []
    return found | {f"{TAKE}{u}": values[f"{TAKE}{u}"] for u in open_ if f"{TAKE}{u}" in values}
