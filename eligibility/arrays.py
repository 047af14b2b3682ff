"""What the arrays of an index hold: written by layout.py, read by kernel.py.

Nearly all a match reads lies in two arrays, `blob` and `entries`, so that a call passes few arguments and a saved index
is memory-mapped as it is. Truth is 0 no, 1 open, 3 yes, so that "and" is the bitwise one.
"""

UNKNOWN, NONE = -1, -2
NO, OPEN, YES = 0, 1, 3
TODO = 1 << 14
"""Numbers of `todo`: buckets to be read are gathered, four numbers each, and read in one go."""

# The header of `blob`: where each part begins, and how many records it has.
MASKS, MASK_GROUPS, RANGES, RANGE_GROUPS, DENSE, LAZY, PLANS, PLAN_COUNT, WORDS = range(9)
HEADER = 16
MASK_RECORD, RANGE_RECORD, PLAN_RECORD = 3, 6, 11

# `entries` are 16-bit, since reading them is most of the work; what may be larger takes two places, the low half first.
# Entry: [rule, rule, plain literals + 256 * wide ones, plain literals ..., wide literals, two places each ...].
# Group: [head literal or NO_HEAD, -, length of its entries, -], then the entries.
ENTRY_HEAD, GROUP_HEAD = 3, 4
NARROW = 1 << 16
"""Literals from here on are wide, and so are those that are worked out when they are met."""
NO_HEAD = (1 << 32) - 1
