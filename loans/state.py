"""What this room needs of the running service, handed over by the composition root in one typed value.

Profiles, words and the printing press live above this room; one plugin instead of loose settings, so a
missing part fails at start.
"""

from dataclasses import dataclass

from litestar.config.app import AppConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.plugins import InitPlugin

from loans.applicant import ApplicantOf
from loans.papers import Press


@dataclass(frozen=True, slots=True)
class LoansState:
    """`applicant_of` reads an enterprise with its facts; `press` has the words, the fonts and the signing
    key."""

    applicant_of: ApplicantOf
    press: Press


class LoansPlugin(InitPlugin):
    """`Litestar(plugins=[LoansPlugin(LoansState(...))])`: gives handlers and pages the dependency
    `lending`."""

    def __init__(self, state: LoansState) -> None:
        self.state = state

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add our state and dependency to the application being built."""
        app_config.state["loans"] = self.state
        app_config.dependencies["lending"] = Provide(lending, sync_to_thread=False)
        return app_config


def lending(state: State) -> LoansState:
    """Dependency `lending`."""
    found = state["loans"]
    if not isinstance(found, LoansState):
        raise TypeError("the application was built without loans.state.LoansPlugin")
    return found
