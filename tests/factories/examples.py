"""How many random examples a property gets, and whether they are the same ones every time.

`make test` draws the same examples each run, so that a change is judged by the change; `make nightly` draws fresh ones,
NIGHTLY times as many. What a night finds becomes an `@example` or a case beside the property.
"""

import os

from hypothesis import settings

NIGHTLY = int(os.environ.get("NIGHTLY", "0"))

settings.register_profile("house", derandomize=not NIGHTLY, deadline=None, database=None, print_blob=True)
settings.load_profile("house")


def examples(number: int) -> int:
    """The number of examples: as given in `make test`, NIGHTLY times as many at night."""
    return number * max(1, NIGHTLY)
