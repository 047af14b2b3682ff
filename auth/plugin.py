"""How the composition root takes this room in: one plugin instead of four loose settings.

It carries the state, the dependencies `actor` and `maybe_actor`, and the hook that writes session cookies.
"""

from litestar.config.app import AppConfig
from litestar.di import Provide
from litestar.plugins import InitPlugin

from auth.cookies import write_noted
from auth.guards import actor, maybe_actor
from auth.state import AuthState


class AuthPlugin(InitPlugin):
    """`Litestar(plugins=[AuthPlugin(AuthState(...))])`."""

    def __init__(self, state: AuthState) -> None:
        self.state = state

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add our state, dependencies and hook to the application being built."""
        app_config.state["auth"] = self.state
        app_config.dependencies.update({"actor": Provide(actor), "maybe_actor": Provide(maybe_actor)})
        app_config.before_send.append(write_noted)
        return app_config
