"""How a policy came and what became of it: what it follows, its versions here with what changed, what follows it.

Told without names: who wrote a version is the admins' matter. Relations hold both ways, whichever text states them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from eligibility import RuleError, Vocabulary, parse, sentence
from marketplace.i18n import translate
from marketplace.portal.codes import namer
from marketplace.web.format import HERE, day
from policies.lifecycle import EVER_IN_FORCE
from policies.pack import PublishedText
from policies.tables import PolicyVersion

BEFORE = ("extends", "supersedes", "implements")
AFTER = ("extended_by", "superseded_by", "implemented_by")
SHOWN_STATES = frozenset(status.value for status in EVER_IN_FORCE)
GROUPS: Mapping[str, Sequence[str]] = {
    "rule": ("rule",),
    "dates": ("issued_on", "effective_from", "effective_to"),
    "worth": ("benefit",),
    "words": ("eligibility_zh", "eligibility_en", "clause_zh", "clause_en"),
    "name": ("name_zh", "name_en", "title_zh", "title_en"),
    "document": ("issuer", "document_no", "level", "region_code", "category"),
    "relations": ("exclusions", "relations"),
    "sources": ("sources", "checked"),
}
"""What readers are told apart. The editors' note is theirs."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line. kind: before, issued, starts, ends, version, after. links: (id, name). changes: (what, was, is)."""

    on: date
    kind: str
    title: str
    links: Sequence[tuple[str, str]] = ()
    changes: Sequence[tuple[str, str, str]] = ()


Lineage = Mapping[str, Sequence[PublishedText]]
"""The policies a policy is related to, by kind of relation."""


def timeline(versions: Sequence[PolicyVersion], related: Lineage, today: date, lang: str) -> list[Event]:
    """Everything that is known of a policy's course, oldest first. `versions`: newest first."""
    say = partial(translate, lang)
    told = [row for row in versions if row.status in SHOWN_STATES]
    current = told[0]
    found = [
        Event(one.text["issued_on"], "before", say(f"policy.link.{kind}"), [(one.id, one.name(lang))])
        for kind in BEFORE
        for one in related.get(kind, ())
    ]
    found.append(Event(current.issued_on, "issued", say("history.issued", number=current.document_no)))
    found.append(Event(current.effective_from, "starts", say("history.starts")))
    if current.effective_to is not None:
        over = current.effective_to < today
        found.append(Event(current.effective_to, "ends", say("history.ended" if over else "history.ends")))
    found += [
        Event(one.text["issued_on"], "after", say(f"policy.link.{kind}"), [(one.id, one.name(lang))])
        for kind in AFTER
        for one in related.get(kind, ())
    ]
    return sorted(found, key=lambda event: event.on)


def published_here(versions: Sequence[PolicyVersion], lang: str) -> list[Event]:
    """The versions that were published on this site, newest first, each with what it changed."""
    told = [row for row in versions if row.status in SHOWN_STATES]
    found = []
    for row, before in zip(told, [*told[1:], None], strict=True):
        if row.published_at is not None:
            title = translate(
                lang, "withdrawn.version" if row.withdrawn_at else "history.version", n=row.version
            )
            changes = [] if before is None else changed(before, row, lang)
            found.append(Event(row.published_at.astimezone(HERE).date(), "version", title, (), changes))
    return found


def changed(before: PolicyVersion, after: PolicyVersion, lang: str) -> list[tuple[str, str, str]]:
    """What a version changed: in words, and where it can be said shortly, what it was and what it is."""
    found = []
    for group, names in GROUPS.items():
        if any(getattr(before, name) != getattr(after, name) for name in names):
            was, now = (_said(group, row, lang) for row in (before, after))
            found.append(
                (translate(lang, f"history.changed.{group}"), *((was, now) if was != now else ("", "")))
            )
    return found


def _said(group: str, row: PolicyVersion, lang: str) -> str:
    if group == "rule":
        return _rule(row, lang)
    if group == "dates":
        ends = day(row.effective_to, lang) if row.effective_to else translate(lang, "history.open_end")
        return translate(lang, "history.runs", start=day(row.effective_from, lang), end=ends)
    if group == "words":
        return row.eligibility_zh if lang == "zh-CN" else row.eligibility_en
    if group == "name":
        return row.name_zh if lang == "zh-CN" else row.name_en
    return ""


def _rule(row: PolicyVersion, lang: str) -> str:
    """The rule as a sentence; as its text where an older one is no longer read."""
    try:
        return sentence(parse(row.rule, Vocabulary.shipped()), lang, namer(lang))
    except RuleError:
        return row.rule


def successors(related: Lineage, today: date) -> list[PublishedText]:
    """What now stands in a policy's place, what is in force first."""
    after = {one.id: one for kind in ("superseded_by", "extended_by") for one in related.get(kind, ())}
    return sorted(after.values(), key=lambda one: (not one.in_force(today), one.text["issued_on"], one.id))
