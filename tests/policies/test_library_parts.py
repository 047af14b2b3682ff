"""The library kept current by parts says what one built anew says, however often something is published."""

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.shipped import shipped_policies
from policies import content
from policies.library import MOST_PARTS, Filter, Library, When
from policies.pack import Pack, PublishedText
from tests.factories.examples import examples

DAY = date(2020, 4, 15)
TEXTS = [{**content.from_pack(entry), "id": entry["id"]} for entry in shipped_policies()[:12]]
CHANGES = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from(["房租", "囧税", "loan"])), max_size=3 * MOST_PARTS
)


def pack(versions: dict[str, list[dict[str, Any]]]) -> Pack:
    """A pack whose rules nobody asks for."""
    history = {
        name: tuple(PublishedText(name, number + 1, text) for number, text in enumerate(texts))
        for name, texts in versions.items()
    }
    return Pack("test", history, None)  # type: ignore[arg-type]


@settings(max_examples=examples(25))
@given(CHANGES, st.sampled_from(["房租", "囧税", "loan", "增值税", ""]))
def test_publications_one_by_one_come_to_the_same(changes: list[tuple[int, str]], words: str) -> None:
    versions = {text["id"]: [text] for text in TEXTS}
    kept = Library.of(pack(versions))
    for which, name in changes:
        texts = versions[TEXTS[which]["id"]]
        texts.append({**texts[-1], "name_zh": f"{name}{len(texts)}"})
        kept = Library.of(pack(versions), kept)
    assert len(kept.index.parts) <= MOST_PARTS
    anew = Library.of(pack(versions))
    assert kept.find(words, Filter(), DAY, limit=50) == anew.find(words, Filter(), DAY, limit=50)


def test_every_choice_counts_what_it_would_show() -> None:
    library = Library.of(pack({text["id"]: [text] for text in TEXTS}))
    for words in ("", "增值税"):
        for chosen in (Filter(), Filter(level="national"), Filter(category="tax_reduction", when=When.ENDED)):
            found = library.find(words, chosen, DAY, limit=50)
            for when, count in found.counts["when"].items():
                other = Filter(chosen.category, chosen.level, chosen.area, chosen.issuer, When(when))
                assert library.find(words, other, DAY, limit=50).total == count
            assert len(found.ids) == found.total <= found.every["when"]
