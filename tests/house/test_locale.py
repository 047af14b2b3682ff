"""Both languages say the same things: equal keys, equal placeholders, nothing empty; and whatever a page asks
for is there.

Read from the catalogues as the service reads them, and from the syntax of templates and modules.
"""

import ast
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.pofile import read_po
from jinja2 import nodes

from marketplace.i18n import FOLDERS, LANGS, LOCALE, catalogue
from marketplace.web.render import TEMPLATES, environment

HOUSE = LOCALE.parent
# The functions that look a text up, and the position of the key among their arguments.
LOOKUPS = {"translate": 1, "translate_plural": 1, "self.say": 0, "self.told": 0, "t": 0, "tn": 0}


@dataclass(frozen=True)
class Asked:
    """A text asked for at `where`. key is whole, or the constant beginning of one that is put together."""

    where: str
    key: str
    whole: bool
    given: frozenset[str] | None


def asked_in_templates() -> Iterator[Asked]:
    """Each t(...) and tn(...); `given` are the parameters' names."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        for call in environment().parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            if not isinstance(call.node, nodes.Name) or call.node.name not in {"t", "tn"} or not call.args:
                continue
            where, key = f"{path.relative_to(TEMPLATES)}:{call.lineno}", call.args[0]
            counted = {"n"} if call.node.name == "tn" else set()
            given = frozenset(counted | {str(pair.key) for pair in call.kwargs})
            if isinstance(key, nodes.Const):
                yield Asked(where, str(key.value), True, given)
            elif isinstance(key, nodes.Concat) and isinstance(key.nodes[0], nodes.Const):
                yield Asked(where, str(key.nodes[0].value), False, None)


def asked_in_modules() -> Iterator[Asked]:
    """Each translate(lang, "...") and the like."""
    for path in sorted(HOUSE.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            at = LOOKUPS.get(ast.unparse(call.func))
            if at is None or len(call.args) <= at:
                continue
            where, key = f"{path.relative_to(HOUSE)}:{call.lineno}", call.args[at]
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield Asked(where, key.value, True, None)
            elif isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
                yield Asked(where, str(key.values[0].value), False, None)


def placeholders(texts: tuple[str, ...]) -> set[str]:
    """The {names} in a text and its plural; {zh} and {en} are one thing, each said in its language."""
    return {"words" if name in {"zh", "en"} else name for name in placeholders_named(texts)}


def placeholders_named(texts: tuple[str, ...]) -> set[str]:
    """The {names} in a text and its plural, as they are."""
    return {name for one in texts for _, name, _, _ in string.Formatter().parse(one) if name}


def keys_of(path: Path) -> list[str]:
    """The keys of one file, in order."""
    with path.open("rb") as file:
        return [str(m.id[0] if isinstance(m.id, tuple) else m.id) for m in read_po(file) if m.id]


class TestCatalogues:
    """zh-CN and en, area by area."""

    def test_hold_the_same_keys_with_placeholders_that_both_are_given(self) -> None:
        chinese, english = (catalogue(lang) for lang in LANGS)
        assert sorted(set(chinese) ^ set(english)) == []
        # English may leave a name out ("This cannot be less than {limit}") but never ask for one more
        unknown = [key for key in chinese if not placeholders(english[key]) <= placeholders(chinese[key])]
        assert unknown == []

    def test_leave_no_text_empty(self) -> None:
        assert [key for lang in LANGS for key, texts in catalogue(lang).items() if not all(texts)] == []

    def test_name_each_key_in_one_file_only(self) -> None:
        for lang in LANGS:
            keys = [key for path in sorted((LOCALE / FOLDERS[lang]).glob("*.po")) for key in keys_of(path)]
            assert sorted({key for key in keys if keys.count(key) > 1}) == []


class TestPages:
    """What templates and modules ask the catalogues for."""

    def test_ask_only_for_texts_there_are(self) -> None:
        asked = [*asked_in_templates(), *asked_in_modules()]
        assert len(asked) > 300
        for lang in LANGS:
            texts = catalogue(lang)
            missing = [
                f"{one.where} {one.key}"
                for one in asked
                if one.key not in texts and (one.whole or not any(key.startswith(one.key) for key in texts))
            ]
            assert missing == [], lang

    def test_give_each_text_the_parameters_it_names(self) -> None:
        for lang in LANGS:
            texts = catalogue(lang)
            unfilled = [
                f"{one.where} {one.key} {sorted(wanted)}"
                for one in asked_in_templates()
                if one.given is not None and (wanted := placeholders_named(texts[one.key]) - one.given)
            ]
            assert unfilled == [], lang


def test_the_macros_add_no_english_word_to_a_fault() -> None:
    form = environment().get_template("_parts/form.html").module
    faults = {"name": "这一项必须填"}
    for macro, rest in (
        ("field", ()),
        ("textarea", ()),
        ("choice", ([("a", "甲")],)),
        ("select", ([("a", "甲")],)),
    ):
        drawn = getattr(form, macro)("name", "名称", *rest, errors=faults)
        assert "这一项必须填" in drawn
        assert "Error" not in drawn
