"""Where in a text stands what somebody looked for, so that a page can show it.

Found on the folded text and told of the text as it is written: full-width letters stay what they are.
"""

from collections.abc import Iterator, Mapping, Sequence

from policies.search_terms import FIRST_HAN, RUNS, Asked, fold
from policies.search_words import likeness


def marked(text: str, asked: Asked) -> Sequence[tuple[str, bool]]:
    """A text in pieces, with whether each is something that was looked for."""
    wanted = {unit.text: unit.kind for unit in asked.units}
    typed = [unit.text for unit in asked.units if unit.kind == "word"]
    hit = [False] * len(text)
    folded = [fold(char) for char in text]
    at = [index for index, char in enumerate(folded) for _ in char]
    whole = "".join(folded)
    for run in RUNS.finditer(whole):
        for start, end in _hits(run.group(), wanted, typed):
            for place in range(run.start() + start, run.start() + end):
                hit[at[place]] = True
    pieces: list[tuple[str, bool]] = []
    for char, is_hit in zip(text, hit, strict=True):
        if pieces and pieces[-1][1] is is_hit:
            pieces[-1] = (pieces[-1][0] + char, is_hit)
        else:
            pieces.append((char, is_hit))
    return pieces


def _hits(run: str, wanted: Mapping[str, str], typed: Sequence[str]) -> Iterator[tuple[int, int]]:
    if run[0] < FIRST_HAN:
        if run in wanted or (run.isalpha() and any(likeness(word, run) for word in typed)):
            yield 0, len(run)
        return
    for start in range(len(run)):
        if run[start : start + 2] in wanted and start + 2 <= len(run):
            yield start, start + 2
        if wanted.get(run[start]) == "char":
            yield start, start + 1
