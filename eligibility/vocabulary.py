"""The typed facts rules may speak of, their words in zh-CN and en, and the law's dated parameters.

A vocabulary is data (vocabulary/*.yaml), cited and dated, so that lawyers can read it and an old answer can
be given again; this file only reads and checks it.
"""

from __future__ import annotations

import csv
import datetime as dt
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from eligibility.conditions import condition_to_cel
from eligibility.errors import RuleError, VocabularyError
from eligibility.parser import read
from eligibility.size_standard import SizeStandard
from eligibility.syntax import Node

SHIPPED = Path(__file__).with_name("vocabulary")
TYPES = ("enum", "code", "int", "money", "decimal", "bool", "date")
NUMERIC = ("int", "money", "decimal")


@dataclass(frozen=True, slots=True)
class Group:
    """Facts asked together."""

    name: str
    label_zh: str
    label_en: str

    def label(self, lang: str) -> str:
        """The group's name in "zh-CN" or "en"."""
        return self.label_en if lang.startswith("en") else self.label_zh


@dataclass(frozen=True, slots=True)
class Fact:
    """One typed fact. `nullable`: it may be known to be none (a loan that does not exist has no due date).

    within: the fact that names the place this one's place lies in.
    """

    name: str
    type: str
    label_zh: str
    label_en: str
    group: str = ""
    unit: str | None = None
    allowed: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    nullable: bool = False
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    pattern: str | None = None
    codes: str | None = None
    within: str | None = None
    note: str | None = None
    attested_by: str | None = None
    changeable: bool = False
    derived: Node | None = None
    computed: str | None = None
    context: bool = False

    def label(self, lang: str) -> str:
        """The fact's name in "zh-CN" or "en"."""
        return self.label_en if lang.startswith("en") else self.label_zh

    def choice_label(self, value: str, lang: str) -> str:
        """The words of an allowed value; the value itself where none are known."""
        words = self.words.get(value)
        if words is None:
            return value
        return words[1] if lang.startswith("en") else words[0]

    @property
    def is_derived(self) -> bool:
        """Worked out from other facts, never given."""
        return self.derived is not None or self.computed is not None

    @property
    def is_number(self) -> bool:
        """int, money or decimal."""
        return self.type in NUMERIC


@dataclass(frozen=True, slots=True)
class Parameter:
    """A dated number of the system (the LPR): each value holds from its day to the day before the next."""

    name: str
    values: tuple[tuple[dt.date, Decimal, str], ...]

    def on(self, day: dt.date) -> Decimal | None:
        """The value in force on `day`; None before the first."""
        found = [value for start, value, _ in self.values if start <= day]
        return found[-1] if found else None


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Facts by name (given, derived, context), groups in asking order, parameters, the size standard."""

    facts: Mapping[str, Fact]
    groups: tuple[Group, ...]
    parameters: Mapping[str, Parameter]
    size_standard: SizeStandard
    version: str

    @property
    def given(self) -> tuple[Fact, ...]:
        """The facts somebody can state, in the order of the file."""
        return tuple(f for f in self.facts.values() if not f.is_derived and not f.context)

    def in_group(self, group: str) -> tuple[Fact, ...]:
        """The given facts of one group."""
        return tuple(f for f in self.given if f.group == group)

    @functools.cached_property
    def nested(self) -> tuple[tuple[str, str], ...]:
        """Each place with the larger one it lies in, by their facts' names."""
        return tuple((f.name, f.within) for f in self.facts.values() if f.within and f.within in self.facts)

    @functools.lru_cache(maxsize=256)  # noqa: B019 - vocabularies live as long as the process
    def parameters_on(self, day: dt.date) -> Mapping[str, Decimal]:
        """Every parameter that has a value on `day`."""
        found = {name: p.on(day) for name, p in self.parameters.items()}
        return {name: value for name, value in found.items() if value is not None}

    @classmethod
    @functools.cache
    def shipped(cls) -> Vocabulary:
        """The vocabulary of this product, read once."""
        return cls.load(SHIPPED / "enterprise.yaml")

    @classmethod
    def load(cls, path: str | Path) -> Vocabulary:
        """Read a vocabulary file. Raises VocabularyError naming what is wrong.

        The dated parameters and the size standard are the shipped ones.
        """
        try:
            data = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise VocabularyError(f"{path}: cannot be read as YAML: {error}") from error
        if not isinstance(data, dict) or not isinstance(data.get("facts"), list):
            raise VocabularyError(f"{path}: a list `facts` is missing")
        facts: dict[str, Fact] = {}
        for kind in ("facts", "derived_facts", "context"):
            for entry in data.get(kind) or []:
                fact = _fact(entry, kind, path)
                if fact.name in facts:
                    raise VocabularyError(f"{path}: the fact `{fact.name}` stands twice")
                facts[fact.name] = fact
        return cls(
            facts=MappingProxyType(facts),
            groups=_groups(data, facts),
            parameters=MappingProxyType(_parameters()),
            size_standard=SizeStandard.shipped(),
            version=str(data.get("version", "1")),
        )


def _fact(entry: Any, kind: str, path: str | Path) -> Fact:
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise VocabularyError(f"{path}: an entry of `{kind}` has no name")
    name, type_ = entry["name"], entry.get("type")
    if type_ not in TYPES:
        raise VocabularyError(f"{path}: `{name}` has the type {type_!r}; known are {', '.join(TYPES)}")
    allowed = entry.get("allowed")
    derived = _derived(entry, path) if kind == "derived_facts" else None
    computed = "size_class" if kind == "derived_facts" and derived is None else None
    return Fact(
        name=name,
        type=type_,
        label_zh=str(entry.get("label_zh", name)),
        label_en=str(entry.get("label_en", name)),
        group=str(entry.get("group", "")),
        unit=entry.get("unit"),
        allowed=tuple(allowed) if isinstance(allowed, list) else (),
        words={k: (v["zh"], v["en"]) for k, v in (entry.get("words") or {}).items()},
        nullable=bool(entry.get("nullable", type_ == "date" and kind == "facts")),
        minimum=_number(entry.get("minimum")),
        maximum=_number(entry.get("maximum")),
        pattern=entry.get("pattern"),
        codes=entry.get("codes"),
        within=entry.get("within"),
        note=entry.get("note"),
        attested_by=entry.get("attested_by"),
        changeable=bool(entry.get("changeable", False)),
        derived=derived,
        computed=computed,
        context=kind == "context",
    )


def _derived(entry: Mapping[str, Any], path: str | Path) -> Node | None:
    if "rule" not in entry and "condition" not in entry:
        return None
    try:
        return read(entry["rule"] if "rule" in entry else condition_to_cel(entry["condition"]))
    except (RuleError, ValueError, KeyError, TypeError) as error:
        where = f"{path}: `{entry['name']}`"
        raise VocabularyError(f"{where} is derived by a rule that does not parse: {error}") from error


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _groups(data: Mapping[str, Any], facts: Mapping[str, Fact]) -> tuple[Group, ...]:
    stated = tuple(Group(g["name"], g["label_zh"], g["label_en"]) for g in data.get("groups") or [])
    if stated:
        return stated
    found = dict.fromkeys(f.group for f in facts.values() if f.group)
    return tuple(Group(name, name, name.replace("_", " ").capitalize()) for name in found)


@functools.cache
def _parameters() -> dict[str, Parameter]:
    data = yaml.safe_load((SHIPPED / "parameters.yaml").read_text(encoding="utf-8"))
    found = {}
    for entry in data["parameters"]:
        values = sorted((v["from"], Decimal(str(v["value"])), v["source"]) for v in entry["values"])
        found[entry["name"]] = Parameter(entry["name"], tuple(values))
    return found


@functools.cache
def listed_codes() -> Mapping[str, frozenset[str]]:
    """The codes there are, by list (regions.province, regions.city, industries).

    Industries are listed down to their groups (3 digits): the shipped list of classes lacks one of the 1,382.
    """
    kinds = {"province": "regions.province", "city": "regions.city", "industry": "industries"}
    found: dict[str, set[str]] = {name: set() for name in kinds.values()}
    with (SHIPPED / "codes.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[kinds[row["kind"]]].add(row["code"])
    return {name: frozenset(codes) for name, codes in found.items()}


@functools.cache
def all_codes(codes: str | None) -> tuple[str, ...]:
    """Every code a fact with the list `codes` can have, sorted; empty for a list nobody keeps.

    A class of an industry (4 digits) counts as there when its group is.
    """
    found = listed_codes().get(codes or "", frozenset())
    classes = (code + digit for code in found if len(code) == 3 for digit in "0123456789")
    return tuple(sorted({*found, *classes} if codes == "industries" else found))


def has_shape(fact: Fact, value: str) -> bool:
    """Whether `value` has the shape of the fact's codes."""
    pattern = fact.pattern or r"[0-9A-Za-z]{1,18}"
    return re.fullmatch(pattern, value) is not None


def is_code(fact: Fact, value: str) -> bool:
    """Whether `value` is a code of the fact: of its shape and, where the fact names a list, on it."""
    if not has_shape(fact, value):
        return False
    listed = listed_codes().get(fact.codes or "")
    return listed is None or (value[:3] if fact.codes == "industries" else value) in listed
