"""An index on disk: a folder of arrays that are memory-mapped when it is opened, and the rules' texts beside them.

Opening reads the ids and thresholds and maps the rest, so that several processes share one copy. A rule is parsed only
when somebody asks for it: a match needs the tree of very few.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eligibility.errors import EligibilityError
from eligibility.layout import Layout
from eligibility.rule import Rule, parse
from eligibility.values import Cut
from eligibility.vocabulary import Vocabulary

FORMAT = 3


class SavedIndexError(EligibilityError):
    """A folder that holds no index, or one made with another vocabulary or by another version."""


class SavedRules(Mapping[str, Rule]):
    """Rules by id, parsed when asked for."""

    def __init__(
        self,
        ids: list[str],
        texts: npt.NDArray[np.uint8],
        ends: npt.NDArray[np.int64],
        vocabulary: Vocabulary,
    ) -> None:
        self.numbers = {name: at for at, name in enumerate(ids)}
        self.texts, self.ends, self.vocabulary = texts, ends, vocabulary
        self.kept: dict[str, Rule] = {}

    def __getitem__(self, name: str) -> Rule:
        if name not in self.kept:
            at = self.numbers[name]
            begin = self.ends[at - 1] if at else 0
            self.kept[name] = parse(self.texts[begin : self.ends[at]].tobytes().decode(), self.vocabulary)
        return self.kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)

    def __contains__(self, name: object) -> bool:
        return name in self.numbers


def fingerprint(vocabulary: Vocabulary) -> str:
    """What of a vocabulary a layout depends on, as a hash."""
    found = [
        repr(
            (
                f.name,
                f.type,
                f.allowed,
                f.nullable,
                f.minimum,
                f.maximum,
                f.pattern,
                f.codes,
                f.derived,
                f.computed,
            )
        )
        for f in vocabulary.facts.values()
    ]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def save(path: Path, layout: Layout, rules: Mapping[str, Rule], vocabulary: Vocabulary) -> None:
    """Writes the folder `path`; whoever opens it meanwhile finds the old one or the new one whole."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    new.mkdir(parents=True)
    texts = [rule.text.encode() for rule in rules.values()]
    np.save(new / "blob.npy", layout.blob)
    np.save(new / "rows.npy", layout.rows)
    np.save(new / "flags.npy", layout.flags)
    np.save(new / "texts.npy", np.frombuffer(b"".join(texts), np.uint8))
    np.save(new / "ends.npy", np.cumsum([len(t) for t in texts], dtype=np.int64))
    about = {
        "format": FORMAT,
        "vocabulary": fingerprint(vocabulary),
        "ids": list(rules),
        "slots": dict(layout.slots),
        "cuts": {name: [written(cut) for cut in cuts] for name, cuts in layout.cuts.items()},
        "template": layout.template.tolist(),
        "entangled": {str(number): sorted(names) for number, names in layout.entangled.items()},
    }
    (new / "about.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    old = path.with_name(f"{path.name}.{os.getpid()}.old")
    if path.exists():
        path.rename(old)
    new.rename(path)
    shutil.rmtree(old, ignore_errors=True)


def load(path: Path, vocabulary: Vocabulary) -> tuple[Layout, SavedRules]:
    """What `save` wrote, mapped. Raises SavedIndexError."""
    try:
        about = json.loads((path / "about.json").read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            raise SavedIndexError(f"{path} was saved by another version; build it anew")
        if about["vocabulary"] != fingerprint(vocabulary):
            raise SavedIndexError(f"{path} was saved with another vocabulary; build it anew")
        blob, rows, flags, texts, ends = (
            np.load(path / f"{name}.npy", mmap_mode="r")
            for name in ("blob", "rows", "flags", "texts", "ends")
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SavedIndexError(f"{path} holds no saved index: {error}") from error
    layout = Layout(
        blob=blob,
        rows=rows,
        flags=flags,
        slots=about["slots"],
        cuts={name: tuple(read(cut) for cut in cuts) for name, cuts in about["cuts"].items()},
        template=np.array(about["template"], np.int64),
        entangled={int(number): frozenset(names) for number, names in about["entangled"].items()},
        rules=len(about["ids"]),
    )
    return layout, SavedRules(about["ids"], texts, ends, vocabulary)


def written(cut: Cut) -> list[object]:
    """A cut as JSON has it; a fraction as its two whole numbers."""
    value, side = cut
    return [[value.numerator, value.denominator] if isinstance(value, Fraction) else value, side]


def read(cut: list[object]) -> Cut:
    """A cut from JSON."""
    value, side = cut
    if isinstance(value, list):
        value = Fraction(*value)
    assert isinstance(value, int | str | Fraction)
    assert isinstance(side, int)
    return value, side
