"""Every table of the house in one import, so that SQLModel.metadata is whole for migrations, drift and
seeding.

A list of imports and nothing else: a table class that is not imported here would silently miss its drift
check.
"""

from importlib import import_module
from importlib.util import find_spec

ROOMS = ("auth", "marketplace.profiles", "marketplace.portal", "policies", "loans")

for _room in ROOMS:
    if find_spec(_room) and find_spec(f"{_room}.tables"):
        import_module(f"{_room}.tables")
