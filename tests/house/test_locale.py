"""Both languages say the same things: equal keys, equal placeholders, nothing empty.

Read from the catalogues as the service reads them.
"""

import string
from pathlib import Path

from babel.messages.pofile import read_po

from marketplace.i18n import FOLDERS, LANGS, LOCALE, catalogue


def placeholders(texts: tuple[str, ...]) -> set[str]:
    """The {names} in a text and its plural; {zh} and {en} are one thing, each said in its language."""
    names = {name for one in texts for _, name, _, _ in string.Formatter().parse(one) if name}
    return {"words" if name in {"zh", "en"} else name for name in names}


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
