"""Every table of the house in one import, so that SQLModel.metadata is whole for migrations, drift and
seeding.

A list of imports and nothing else; a test fails on a tables.py that is missing here, since its drift would go
unseen.
"""

from auth import tables as auth
from loans import tables as loans
from marketplace.notifications import tables as notifications
from marketplace.portal import tables as portal
from marketplace.profiles import tables as profiles
from policies import case_tables as cases
from policies import changeset_tables as changesets
from policies import publishing_tables as publishing
from policies import simulation_tables as simulations
from policies import tables as policies

ROOMS = (auth, policies, cases, publishing, simulations, changesets, loans, profiles, portal, notifications)
