"""What the arrays of an index hold: written by layout.py, read by kernel.py.

An *alternative* is one "all of" of a rule. The first one of rule n has bit n; further ones have the bits behind the
words of the rules. Truth is 0 no, 1 open, 3 yes, so that "and" is the bitwise one.

`rows`: bitmaps over the alternatives, a row of words each. Row 0 has the alternatives there are. A fact's values fall
into *cells*, and each cell has two rows: the alternatives that may hold for some value in it, and those that hold
for all of them. Most cells of a number are several ranks wide, to save room: what only may hold is looked at closer.
"""

UNKNOWN, NONE = -1, -2
NO, OPEN, YES = 0, 1, 3

# The header of `blob`: where each part begins, and how many there are.
FACTS, FACT_COUNT, SETS, EXTRA, WORDS, RULE_WORDS = range(6)
HEADER = 8
FACT_RECORD = 5
"""[kind, cell of each rank, rows of the cells, cell of an unknown value, cell of none], in the order of the slots."""
RANKED, SINGLE, MASK = range(3)
"""A code tells its cell by its rank, by the one bit it is, or is the number of the cell itself (partly known sizes)."""
ALL = -1
"""In place of a row that rules nothing out."""

# `SETS`: for each alternative, where in `blob` the list of its sets begins, and once more where the last one's ends.
# `EXTRA`: the rule of each further alternative. A set of values is [slot, how many cuts, below them, none, unknown,
# cuts ...], the truth there and the ranks at which it turns, or [slot, BITS, low half, high half].
SET_HEAD = 5
BITS = -1
HALF = 31
