"""Pieces: the values of one fact, cut wherever one of many rules can come out differently.

Where cells (cells.py) serve one rule, pieces serve all open rules at once, and carry how much each weighs.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from eligibility.bands import STEPS, Band, as_value, whole
from eligibility.cells import NoCellsError, thresholds
from eligibility.residual import Problem, leaf_facts, leaves
from eligibility.size_standard import INPUTS
from eligibility.syntax import Call, Literal, Node, walk
from eligibility.values import Chosen, Cut, Ranges, Set, after, choices, exact_number
from eligibility.vocabulary import Fact, all_codes

LIES_IN = {"regions.city": ("province_code", 2)}
"""List of codes -> the fact whose first characters its codes share: a city lies in its province."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Values no rule tells apart: one of them, the listed codes or the band, and the weight."""

    value: object
    weight: Fraction
    codes: tuple[str, ...] = ()
    band: Band | None = None


def pieces(fact: Fact, cuts: Sequence[Cut], known: Mapping[str, object]) -> list[Piece]:
    """The fact's values cut at `cuts`.

    Each value of a choice and each listed code weighs the same. Every band of numbers counts alike, for nobody knows
    how numbers are spread.
    """
    none = [Piece(None, Fraction(1))] if fact.nullable else []
    if fact.type in ("bool", "enum"):
        return [Piece(value, Fraction(1)) for value in choices(fact)] + none
    if fact.type == "code":
        return code_pieces(fact, cuts, known) + none
    return number_pieces(fact, cuts) + none


def number_pieces(fact: Fact, cuts: Sequence[Cut]) -> list[Piece]:
    """The bands between cuts."""
    step, domain = STEPS[fact.type], whole(fact)
    starts: dict[Fraction, None] = {}
    for place, side in cuts:
        assert not isinstance(place, str)
        start = (-(-Fraction(place) // step) if side == 0 else Fraction(place) // step + 1) * step
        if start in domain and start - step in domain:
            starts[start] = None
    lows = [domain.low, *starts]
    highs = [*(s - step for s in starts), domain.high]
    bands = [Band(low, high) for low, high in zip(lows, highs, strict=True)]
    return [Piece(as_value(fact, band.inside), Fraction(1), band=band) for band in bands]


def code_pieces(fact: Fact, cuts: Sequence[Cut], known: Mapping[str, object]) -> list[Piece]:
    """The listed codes between cuts; without a list one made-up code each."""
    listed = possible_codes(fact, known)
    places = [str(place) for place, _ in cuts]
    if not listed:
        return [Piece(text, Fraction(1), (text,)) for text in ("", *places)]
    edges = sorted({0, len(listed), *(bisect_left(listed, place) for place in places)})
    return [Piece(listed[a], Fraction(b - a), listed[a:b]) for a, b in pairwise(edges)]


def possible_codes(fact: Fact, known: Mapping[str, object]) -> tuple[str, ...]:
    """The listed codes that fit what is known: of the place around, or of the code itself, if it was too short to
    decide. All where none fits."""
    listed = all_codes(fact.codes)
    around, length = LIES_IN.get(fact.codes or "", (fact.name, None))
    start = known.get(around)
    if not isinstance(start, str):
        return listed
    return tuple(code for code in listed if code.startswith(start[:length]) and code != start) or listed


def holds(values: Set, fact: Fact, value: object) -> bool:
    """Whether a value lies in a set."""
    if isinstance(values, Chosen):
        options = choices(fact)
        bit = (
            len(options) + 1 if value is None else options.index(value) if value in options else len(options)
        )
        return bool(values.bits >> bit & 1)
    if value is None:
        return values.none
    place: int | Fraction | str = value if isinstance(value, str) else exact_number(value)
    return values.start ^ bool(bisect_right(values.cuts, (place, 0)) & 1)


def set_cuts(name: str, alternatives: Iterable[Mapping[str, Set]]) -> Iterable[Cut]:
    """Where a fact's sets begin and end."""
    for alternative in alternatives:
        values = alternative.get(name)
        if isinstance(values, Ranges):
            yield from values.cuts


def tree_cuts(fact: Fact, rest: Node, problem: Problem) -> Iterable[Cut]:
    """Where the comparisons of a tree can come out differently. Raises NoCellsError where that is no set of lines."""
    for leaf in leaves(rest):
        if fact.name not in leaf_facts(leaf, problem):
            continue
        if fact.type == "code":
            yield from code_cuts(leaf)
        elif fact.type in STEPS:
            try:
                lines = thresholds(fact, leaf, problem)
            except NoCellsError:
                if leaf_facts(leaf, problem) == (fact.name,):
                    raise
                continue  # compared with another unknown fact: no value of this one alone decides
            yield from ((exact_number(line), side) for line in lines for side in (0, 1))


def code_cuts(leaf: Node) -> Iterable[Cut]:
    """Where a comparison of codes with written ones can come out differently."""
    starting = isinstance(leaf, Call)
    for node in walk(leaf):
        if isinstance(node, Literal) and isinstance(node.value, str):
            yield node.value, 0
            yield (after(node.value) if starting else node.value + "\0"), 0


def size_cuts(fact: Fact, problem: Problem) -> Iterable[Cut]:
    """Where the size class can change along one of its inputs."""
    standard, known = problem.vocabulary.size_standard, problem.known
    if fact.name == INPUTS[0]:
        yield from (cut for row in standard.groups for p in row.prefixes for cut in ((p, 0), (after(p), 0)))
        return
    for row in standard.rows_of(known[INPUTS[0]]) if INPUTS[0] in known else standard.groups:
        yield from ((exact_number(floor), 0) for floor in row.floors.get(fact.name, ()))
