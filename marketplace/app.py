"""The composition root: the one place where rooms, settings, database and clock become a running application.

Everything a handler needs is injected by name from here, so that no room below ever imports this one. A route
that does not say who may use it stops the start: nothing is open by accident.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.connection import ASGIConnection
from litestar.datastructures import CacheControlHeader, State
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.plugins.pydantic import PydanticDIPlugin, PydanticInitPlugin
from litestar.routes import HTTPRoute
from litestar.static_files import create_static_files_router

from auth import api as auth_api
from auth.csrf import refuse_foreign_forms
from auth.form_tokens import FormTokens
from auth.plugin import AuthPlugin
from auth.state import AuthState
from auth.tokens import TokenKey
from eligibility import Facts
from loans import api as loans_api
from loans.state import LoansPlugin
from marketplace import apidoc, health, inputs, lending, outputs, problems, secrets_kept
from marketplace.db import create_engine, open_session, plain_url
from marketplace.documents import api as documents_api
from marketplace.exchange import api as policy_desk_api
from marketplace.forms import FormRequest
from marketplace.metrics import Measure, Metrics
from marketplace.notifications.badge import count_unread
from marketplace.parameters import refuse_unknown_parameters
from marketplace.process import end_with_parent
from marketplace.profiles import api as profiles_api
from marketplace.profiles import commitments_api
from marketplace.security import secure_headers
from marketplace.settings import Settings
from marketplace.unit_of_work import UnitOfWork, provide_session
from marketplace.web import account as account_pages
from marketplace.web import admin as admin_pages
from marketplace.web import admin_bulk as admin_bulk_pages
from marketplace.web import (
    admin_cases_page,
    admin_try,
    bank_product_try,
    bank_product_version,
    bank_products,
    result_paper,
    result_shares,
    static_pages,
)
from marketplace.web import admin_changes as admin_changes_pages
from marketplace.web import admin_coverage as admin_coverage_pages
from marketplace.web import admin_exchange as admin_exchange_pages
from marketplace.web import admin_history as admin_history_pages
from marketplace.web import admin_list as admin_list_pages
from marketplace.web import admin_new as admin_new_pages
from marketplace.web import admin_simulation_page as admin_simulation_pages
from marketplace.web import admin_told as admin_told_pages
from marketplace.web import admin_version as admin_version_pages
from marketplace.web import agencies as agencies_pages
from marketplace.web import applications as applications_pages
from marketplace.web import asking as asking_pages
from marketplace.web import check as check_pages
from marketplace.web import commitments as commitments_pages
from marketplace.web import commitments_desk as commitments_desk_pages
from marketplace.web import enterprise_home as enterprise_home_pages
from marketplace.web import enterprise_import as enterprise_import_pages
from marketplace.web import enterprise_people as enterprise_people_pages
from marketplace.web import government as government_pages
from marketplace.web import home as home_pages
from marketplace.web import inbox as inbox_pages
from marketplace.web import keep as keep_pages
from marketplace.web import library as library_pages
from marketplace.web import loans as loans_pages
from marketplace.web import officer as officer_pages
from marketplace.web import offline as offline_pages
from marketplace.web import oversight as oversight_pages
from marketplace.web import policy as policy_pages
from marketplace.web import preferences as preferences_pages
from marketplace.web import pushes as pushes_pages
from marketplace.web import register as register_pages
from marketplace.web import result as result_pages
from marketplace.web import resume as resume_pages
from marketplace.web import staff as staff_pages
from marketplace.web import unsubscribe as unsubscribe_pages
from marketplace.web import verify as verify_pages
from marketplace.web.pending import count_pending
from policies import api as policies_api
from policies import library, trying_api
from policies.keeper import KEEPER

STATIC = Path(__file__).with_name("static")
MAX_BODY_BYTES = 1_000_000
"""The largest request body; a route that takes uploads sets its own limit."""

ROUTERS: tuple[Router, ...] = (
    health.router,
    auth_api.router,
    profiles_api.router,
    profiles_api.attestations,
    commitments_api.router,
    agencies_pages.router,
    enterprise_home_pages.router,
    enterprise_import_pages.router,
    enterprise_people_pages.router,
    commitments_pages.router,
    commitments_desk_pages.router,
    loans_api.router,
    policies_api.router,
    policy_desk_api.router,
    trying_api.router,
    check_pages.router,
    asking_pages.router,
    resume_pages.router,
    offline_pages.router,
    result_pages.router,
    result_paper.router,
    result_shares.router,
    keep_pages.router,
    account_pages.router,
    register_pages.router,
    loans_pages.router,
    applications_pages.router,
    officer_pages.router,
    bank_products.router,
    bank_product_version.router,
    bank_product_try.router,
    admin_pages.router,
    admin_list_pages.router,
    admin_bulk_pages.router,
    admin_changes_pages.router,
    admin_exchange_pages.router,
    admin_coverage_pages.router,
    admin_new_pages.router,
    admin_simulation_pages.router,
    admin_version_pages.router,
    admin_cases_page.router,
    admin_try.router,
    admin_history_pages.router,
    admin_told_pages.router,
    oversight_pages.router,
    staff_pages.router,
    inbox_pages.router,
    preferences_pages.router,
    unsubscribe_pages.router,
    pushes_pages.router,
    documents_api.router,
    verify_pages.router,
    home_pages.router,
    government_pages.router,
    library_pages.router,
    policy_pages.router,
    static_pages.router,
)  # fmt: skip
"""Every router of the house, one line each."""


class UnguardedRouteError(RuntimeError):
    """A route does not declare who may use it; add `**access(...)` or `**PUBLIC` to its decorator."""


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Litestar:
    """The application on `settings.database_url`, telling time by `clock`. Raises UnguardedRouteError."""
    if settings.database_url is None:
        raise ValueError(
            "the application needs a database_url; `marketplace serve` fills in the embedded one"
        )
    engine = create_engine(settings.database_url)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        heard = asyncio.create_task(KEEPER.listen(plain_url(engine), str(engine.url)))
        yield
        heard.cancel()
        await asyncio.gather(heard, return_exceptions=True)
        await engine.dispose()

    app = Litestar(
        route_handlers=[*ROUTERS, _static()],
        state=State({"engine": engine, "settings": settings, "clock": clock}),
        dependencies={
            "session": Provide(provide_session),
            "now": Provide(provide_now, sync_to_thread=False),
            "as_of": Provide(provide_as_of, sync_to_thread=False),
            "settings": Provide(provide_settings, sync_to_thread=False),
        },
        plugins=[
            PydanticInitPlugin(),
            apidoc.ClosedSchemas(),
            PydanticDIPlugin(),
            inputs.StrictInputs(),
            AuthPlugin(
                AuthState(
                    key=TokenKey.load_or_create(settings.keys),
                    now=clock,
                    session_of=provide_session,
                    secure_cookies=settings.secure,
                    form_tokens=_form_tokens(settings),
                    public_url=settings.base_url,
                    trusted_proxies=tuple(map(ip_network, settings.trusted_proxies)),
                )
            ),
            LoansPlugin(lending.state_of(settings)),
        ],
        request_class=FormRequest,
        middleware=[Measure(Metrics()), UnitOfWork()],
        compression_config=CompressionConfig(backend="gzip", minimum_size=1024, gzip_compress_level=6),
        guards=[refuse_foreign_forms, refuse_unknown_parameters, count_unread, count_pending],
        exception_handlers=problems.HANDLERS,
        before_send=[secure_headers],
        type_encoders=outputs.ENCODERS,
        openapi_config=apidoc.configuration(),
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,
        lifespan=[lifespan],
    )
    refuse_unguarded(app.routes)
    return app


def served() -> Litestar:
    """What granian calls in each worker process: the application of the environment's settings."""
    end_with_parent()
    app = create_app(Settings.from_env())
    app.on_startup.append(warm)
    return app


async def warm(app: Litestar) -> None:
    """Parse the pack, index the library and run the rules' index once: the first answer would wait for all three."""
    async with open_session(app.state["engine"]) as session:
        pack = (await library.load(session)).pack
    await asyncio.to_thread(lambda: pack.on(app.state["settings"].as_of).match(Facts()))


def provide_now(state: State) -> datetime:
    """Dependency `now`: this moment, in UTC."""
    moment: datetime = state["clock"]()
    return moment


def provide_as_of(state: State) -> date:
    """Dependency `as_of`: the business date policies and rates are judged on."""
    settings: Settings = state["settings"]
    return settings.as_of


def provide_settings(state: State) -> Settings:
    """Dependency `settings`."""
    settings: Settings = state["settings"]
    return settings


def refuse_unguarded(routes: Iterable[object]) -> None:
    """Raise UnguardedRouteError naming every route without opt["access"]."""
    open_routes = [
        f"{'/'.join(sorted(handler.http_methods))} {route.path}"
        for route in routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        if not handler.opt.get("access") and not _only_lists_methods(handler)
    ]
    if open_routes:
        raise UnguardedRouteError("no access declared on: " + ", ".join(sorted(open_routes)))


def _only_lists_methods(handler: HTTPRouteHandler) -> bool:
    """The framework's own OPTIONS answer, which carries an Allow header and nothing else."""
    return handler.http_methods == {"OPTIONS"} and handler.fn.__module__ == "litestar.routes.http"


def _form_tokens(settings: Settings) -> FormTokens:
    """The cookie's name follows the secret, so that a browser with a cookie of another installation on the same
    address gets a new one instead of a refusal it cannot mend.
    """
    secret = secrets_kept.text(settings.keys / "csrf-secret")
    return FormTokens(secret, cookie=f"mp_csrf_{secrets_kept.fingerprint(secret)}")


def _static() -> Router:
    STATIC.mkdir(exist_ok=True)
    return create_static_files_router(
        path="/static",
        directories=[STATIC],
        cache_control=CacheControlHeader(public=True, max_age=86_400),
        guards=[_a_name_a_file_can_have],
        opt={"access": "public"},
    )


async def _a_name_a_file_can_have(
    connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler
) -> None:
    """What the file system itself would refuse with an error is simply not there."""
    path: str = connection.scope["path"]
    if "\0" in path or any(len(part.encode()) > 255 for part in path.split("/")):
        raise NotFoundException
