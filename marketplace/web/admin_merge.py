"""Two people at one text: what only one of them changed is kept, what both changed is shown to choose. Pure.

A form remembers what it began from, so the three texts of each unit can be told apart whatever was saved in between.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

WAS = "was."
TAKE = "take."
CLASH = "clash"
THEIRS, MINE = "theirs", "mine"


@dataclass(frozen=True, slots=True)
class Merged:
    """units: what the form should hold now. taken: units only the other one changed, as they are now. clashes: units
    both changed: what is stored now, and what was typed.
    """

    units: Mapping[str, str]
    taken: Mapping[str, str] = field(default_factory=dict)
    clashes: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def merged(was: Mapping[str, str], now: Mapping[str, str], mine: Mapping[str, str]) -> Merged:
    """Three texts of each unit as one: where the form began, what is stored now, what was typed."""
    units, taken, clashes = {}, {}, {}
    for name, stored in now.items():
        before, typed = was.get(name, ""), mine[name]
        units[name] = typed
        if stored in (before, typed):
            continue
        if typed == before:
            units[name] = taken[name] = stored
        else:
            clashes[name] = (stored, typed)
    return Merged(units, taken, clashes)


def chosen(form: Mapping[str, str], now: Mapping[str, str], mine: Mapping[str, str]) -> Merged:
    """What was decided about units both had changed; those still open clash on."""
    units, taken, clashes = dict(mine), {}, {}
    for name in form.get(CLASH, "").split():
        if name not in now or now[name] == mine[name]:
            continue
        choice = form.get(f"{TAKE}{name}")
        if choice == THEIRS:
            units[name] = taken[name] = now[name]
        elif choice != MINE:
            clashes[name] = (now[name], mine[name])
    return Merged(units, taken, clashes)


def was_of(form: Mapping[str, str]) -> dict[str, str]:
    """What the form began from, unit by unit."""
    began = {name.removeprefix(WAS): text for name, text in form.items() if name.startswith(WAS)}
    return {name: text.replace("\r\n", "\n") for name, text in began.items()}


def met(
    form: Mapping[str, str],
    was: Mapping[str, str],
    now: Mapping[str, str],
    mine: Mapping[str, str],
    *,
    stale: bool,
) -> Merged | None:
    """What a form looks like beside what is stored now; None where there is nothing to look at.

    stale: the stored content is no longer the one the form began from.
    """
    result = chosen(form, now, mine)
    if not stale:
        return result if result.clashes else None
    found = merged(was, now, mine)
    taken = {**found.taken, **result.taken}
    clashes = {**{u: c for u, c in found.clashes.items() if u not in taken}, **result.clashes}
    return Merged({**mine, **taken}, taken, clashes)
