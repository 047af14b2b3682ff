"""What the builder's buttons do to the rows: add, remove, move, put into a group, negate. Pure.

Each button says `verb:path`; the answer is the rows after it and the field that should have the focus.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from marketplace.web.admin_builder_fields import MOST_NOTS, ROOT
from marketplace.web.admin_builder_rows import KINDS, MOST, Cel, Group, Part, Row, size

Moved = tuple[Group, str]
Within = Callable[[Group, int, str], tuple[tuple[Part, ...], str]]
"""Changes the parts of a group around one of them; the parts after it, and the field to go to."""


def moved(rows: Group, deed: str) -> Moved | None:
    """The rows after a button was pressed; None for what is no button of theirs."""
    verb, _, path = deed.partition(":")
    steps = _steps(path)
    if steps is None or (verb in ADDED and size(rows) >= MOST):
        return None
    if verb in ADDED or verb in ("negate", *KINDS):
        return _at(rows, steps, lambda part, at: _in_place(verb, part, at))
    if verb in AMONG and steps:
        *above, last = steps
        return _at(rows, above, lambda part, at: _among(verb, part, at, last))
    return None


def _steps(path: str) -> list[int] | None:
    first, *rest = path.split(".")
    if first != ROOT or not all(one.isdigit() and len(one) < 4 for one in rest):
        return None
    return [int(one) for one in rest]


def _at(
    rows: Group, steps: list[int], change: Callable[[Part, str], tuple[Part, str] | None]
) -> Moved | None:
    """The rows with one part changed."""

    def walk(part: Part, left: list[int], path: str) -> tuple[Part, str] | None:
        if not left:
            return change(part, path)
        if not isinstance(part, Group) or left[0] >= len(part.parts):
            return None
        found = walk(part.parts[left[0]], left[1:], f"{path}.{left[0]}")
        if found is None:
            return None
        parts = (*part.parts[: left[0]], found[0], *part.parts[left[0] + 1 :])
        return replace(part, parts=parts), found[1]

    found = walk(rows, steps, ROOT)
    return (found[0], found[1]) if found and isinstance(found[0], Group) else None


def _in_place(verb: str, part: Part, path: str) -> tuple[Part, str] | None:
    if verb == "negate":
        nots = part.nots - 1 if part.nots else 1
        return replace(part, nots=min(nots, MOST_NOTS)), f"{path}.negate"
    if verb == "value" and isinstance(part, Row):
        return replace(part, values=(*part.values, "")), f"{path}.v{len(part.values)}"
    if verb == "later" and isinstance(part, Row):
        return replace(part, later=(*part.later, ("", ""))), f"{path}.d{len(part.later) + 1}"
    if not isinstance(part, Group):
        return None
    if verb in KINDS:
        return replace(part, kind=verb), f"{path}.kind"
    new = ADDED[verb]
    if new is None:
        return None
    where = f"{path}.{len(part.parts)}"
    focus = {Row: f"{where}.fact", Cel: f"{where}.cel"}.get(type(new), f"{where}.0.fact")
    return replace(part, parts=(*part.parts, new)), focus


ADDED: Mapping[str, Part | None] = {
    "row": Row(op="=="),
    "cel": Cel(),
    "group": Group("any", (Row(op="=="), Row(op="=="))),
    "value": None,
    "later": None,
}
"""What is added at a group's end, or (None) to a row."""


def _among(verb: str, part: Part, path: str, at: int) -> tuple[Part, str] | None:
    if not isinstance(part, Group) or at >= len(part.parts):
        return None
    parts, focus = AMONG[verb](part, at, path)
    return replace(part, parts=parts), focus


def _remove(group: Group, at: int, path: str) -> tuple[tuple[Part, ...], str]:
    parts = (*group.parts[:at], *group.parts[at + 1 :])
    return parts, f"{path}.{min(at, len(parts) - 1)}.remove" if parts else f"{path}.add"


def _up(group: Group, at: int, path: str) -> tuple[tuple[Part, ...], str]:
    return _swapped(group, at, max(0, at - 1), path, "up")


def _down(group: Group, at: int, path: str) -> tuple[tuple[Part, ...], str]:
    return _swapped(group, at, min(len(group.parts) - 1, at + 1), path, "down")


def _swapped(group: Group, at: int, to: int, path: str, button: str) -> tuple[tuple[Part, ...], str]:
    parts = list(group.parts)
    parts[at], parts[to] = parts[to], parts[at]
    ended = (button == "up" and to == 0) or (button == "down" and to == len(parts) - 1)
    return tuple(parts), f"{path}.{to}.{('down' if button == 'up' else 'up') if ended else button}"


def _wrap(group: Group, at: int, path: str) -> tuple[tuple[Part, ...], str]:
    one = group.parts[at]
    around = Group("any" if group.kind == "all" else "all", (replace(one, cited=("", "")), Row(op="==")))
    around = replace(around, cited=one.cited)
    return (*group.parts[:at], around, *group.parts[at + 1 :]), f"{path}.{at}.1.fact"


def _unwrap(group: Group, at: int, path: str) -> tuple[tuple[Part, ...], str]:
    """A group's parts in its place; a negated group stays, because its parts would mean something else."""
    one = group.parts[at]
    inner = one.parts if isinstance(one, Group) and not one.nots else (one,)
    return (*group.parts[:at], *inner, *group.parts[at + 1 :]), f"{path}.add"


AMONG: Mapping[str, Within] = {"remove": _remove, "up": _up, "down": _down, "wrap": _wrap, "unwrap": _unwrap}
