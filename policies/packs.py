"""Policies as a file for git: YAML in the form of the shipped pack, written and read without loss.

A file is judged before it is built: no aliases, no depth, no key said twice. What a field may hold is judged where
every edit is (drafting.py).
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from policies import content
from policies.drafting import CITATIONS, FAMILIES
from policies.errors import PackUnreadable
from policies.tables import PolicyVersion

VERSION = 1
LARGEST = 4_000_000
"""Bytes; the shipped pack of 90 has 300,000."""
MOST = 500
DEEPEST = 12
OWN = (FAMILIES, CITATIONS)
"""What a version's relations hold that an entry of a pack names beside them. Not named: it stays as it is."""
KNOWN = frozenset(("id", *content.FIELDS, *content.RELATIONS, *OWN)) - {"relations"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A policy of a file; `place`: its line, or row. `unknown`: fields no policy has."""

    place: int
    id: str
    fields: Mapping[str, Any]
    unknown: Sequence[str] = ()


def written(rows: Iterable[PolicyVersion], day: date) -> str:
    """A pack of these versions."""
    head = {"version": VERSION, "as_of": day.isoformat(), "policies": [entry_of(row) for row in rows]}
    text: str = yaml.dump(head, Dumper=_Plainly, allow_unicode=True, sort_keys=False, width=120)
    return text


def plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A content with its days written out, as YAML and JSON have them."""
    return {name: _plain(value) for name, value in fields.items()}


def entry_of(row: PolicyVersion) -> dict[str, Any]:
    """A version as a pack has it: what relates it to others stands beside its other fields."""
    found = {"id": row.policy_id, **plain(content.content_of(row))}
    relations = found.pop("relations")
    return {**found, **relations, **{name: relations.get(name, []) for name in OWN}}


def read(data: bytes) -> list[Entry]:
    """The entries of a pack. Raises PackUnreadable with the line."""
    if len(data) > LARGEST:
        raise PackUnreadable(line=1)
    try:
        text = data.decode("utf-8-sig")
        _judge(text)
        root = yaml.compose(text, Loader=_Strict)
        whole = yaml.load(text, Loader=_Strict)  # noqa: S506 - a safe loader that refuses more
    except UnicodeDecodeError as error:
        raise PackUnreadable(line=1 + data[: error.start].count(b"\n")) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise PackUnreadable(line=1 if mark is None else mark.line + 1) from error
    except (yaml.YAMLError, ValueError) as error:
        raise PackUnreadable(line=1) from error
    return _entries(whole, _lines(root))


def _lines(root: yaml.Node | None) -> list[int]:
    """The line each policy begins at."""
    if isinstance(root, yaml.MappingNode):
        for key, value in root.value:
            if key.value == "policies" and isinstance(value, yaml.SequenceNode):
                return [one.start_mark.line + 1 for one in value.value]
    return []


def _entries(whole: object, lines: Sequence[int]) -> list[Entry]:
    listed = whole.get("policies") if isinstance(whole, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST:
        raise PackUnreadable(line=1)
    found = []
    for line, one in zip(lines, listed, strict=True):
        if not isinstance(one, dict) or not isinstance(one.get("id"), str):
            raise PackUnreadable(line=line)
        found.append(entry(line, one))
    return found


def entry(place: int, said: Mapping[str, Any]) -> Entry:
    """An entry's fields as a version has them; those it does not name are left to what is stored."""
    unknown = sorted(str(name) for name in said.keys() - KNOWN)
    fields = {name: _plain(said[name]) for name in content.FIELDS if name in said and name != "relations"}
    for name in ("name_zh", "name_en"):
        if not fields.get(name) and (title := said.get(name.replace("name", "title"))):
            fields[name] = title
    related = {name: _plain(said[name]) for name in (*content.RELATIONS, *OWN) if name in said}
    return Entry(place, str(said["id"]), {**fields, "relations": related}, unknown)


def on_top(entry: Entry, base: PolicyVersion | None) -> dict[str, Any]:
    """The fields an entry changes, with its relations put together: what relates it to others is the file's, families
    and citations are the stored ones unless the file names them.
    """
    stored = {} if base is None else base.relations
    said = entry.fields["relations"]
    kept = {name: stored[name] for name in OWN if name in stored and name not in said}
    related = {name: value for name, value in said.items() if value or name not in OWN}
    return {**entry.fields, "relations": {**related, **kept}}


def _plain(value: Any) -> Any:
    """Days as text, wherever they stand: YAML reads an unquoted one as a day."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _judge(text: str) -> None:
    """Refuses what could be small here and endless once read. Raises PackUnreadable."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST or isinstance(event, yaml.AliasEvent):
            raise PackUnreadable(line=1 if event.start_mark is None else event.start_mark.line + 1)


class _Strict(yaml.CSafeLoader):
    """Refuses a key that is said twice, of which YAML would quietly take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if keys.count(key.value) > 1:
                raise yaml.MarkedYAMLError(problem="said twice", problem_mark=key.start_mark)
        return super().construct_mapping(node, deep=deep)


class _Plainly(yaml.CSafeDumper):
    """Writes every value where it stands, never as a reference to another."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
