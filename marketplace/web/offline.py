"""The check without a network: what makes the service installable, the form that is kept, and how its answers arrive.

The form holds nothing of anybody, so that a browser may keep it; what is sent from it is added to what was answered,
and what was left empty there forgets nothing.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from litestar import Request, Router, get, post
from litestar.response import Redirect, Response
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import PUBLIC
from marketplace.i18n import translate
from marketplace.language import language_of
from marketplace.portal import checks
from marketplace.web import check_cookie, facts_form, forms
from marketplace.web.check import asked_facts, group_names, steps
from marketplace.web.facts_form import FormAnswers
from marketplace.web.render import STATIC, page, static

AnyRequest = Request[Any, Any, Any]
PAGES = ("/check/offline?lang=zh", "/check/offline?lang=en")
ASSETS = ("app.css", "app.js", "combobox.js", "offline.js", "htmx.min.js")
ICONS = (("icons/icon-192.png", "192x192", "any"), ("icons/icon-512.png", "512x512", "any"),
         ("icons/maskable-512.png", "512x512", "maskable"), ("icons/icon.svg", "any", "any"))  # fmt: skip


@get("/manifest.webmanifest", **PUBLIC, sync_to_thread=False)
def manifest(request: AnyRequest) -> Response[str]:
    """How the service looks once it is installed."""
    lang = language_of(request)
    told = {
        "id": "/check",
        "name": translate(lang, "site.name"),
        "short_name": translate(lang, "offline.short_name"),
        "description": translate(lang, "check.lead"),
        "lang": lang,
        "start_url": "/check",
        "scope": "/",
        "display": "standalone",
        "theme_color": "#124e78",
        "background_color": "#f7f6f2",
        "icons": [
            {
                "src": static(name),
                "sizes": sizes,
                "purpose": purpose,
                "type": "image/svg+xml" if name.endswith(".svg") else "image/png",
            }
            for name, sizes, purpose in ICONS
        ],
    }
    return Response(json.dumps(told, ensure_ascii=False), media_type="application/manifest+json")


@get("/sw.js", **PUBLIC, sync_to_thread=False)
def service_worker() -> Response[str]:
    """The service worker, from the root so that it may answer for every page; a browser asks for it each time."""
    return Response(worker_text(), media_type="text/javascript", headers={"cache-control": "no-cache"})


@cache
def worker_text() -> str:
    """The script with what it keeps put before it; another release of any of it is another version."""
    script = (STATIC / "sw.js").read_text(encoding="utf-8")
    assets = [static(name) for name in ASSETS]
    version = hashlib.sha256("".join([script, *assets]).encode()).hexdigest()[:12]
    shell = json.dumps({"version": version, "pages": PAGES, "assets": assets})
    return f"const SHELL = {shell};\n{script}"


@get("/check/offline", **PUBLIC, sync_to_thread=False)
def offline(request: AnyRequest) -> Response[str]:
    """The form that is kept in the browser: every question, nothing filled in."""
    return _form(request)


@post("/check/offline", status_code=HTTP_303_SEE_OTHER, **PUBLIC)
async def arrive(request: AnyRequest, session: AsyncSession, now: datetime) -> Response[Any]:
    """Add what was answered without a network; with an error, show all of it with the fields at fault."""
    form = await forms.read(request)
    answers = _read(form, language_of(request))
    if answers.errors:
        return _form(request, typed=form, answers=answers)
    token = None
    if answers.changes:
        check = await checks.find(session, request.cookies.get(checks.COOKIE))
        token = await checks.save(session, check, answers.changes, (), now)
    response = Redirect(f"/check?sent={len(answers.changes)}", status_code=HTTP_303_SEE_OTHER)
    return check_cookie.given(response, token, request)


def _read(form: Mapping[str, str], lang: str) -> FormAnswers:
    facts = [fact for group in group_names() for fact in asked_facts(group)]
    return facts_form.read_form(form, facts, lang)


def _form(
    request: AnyRequest, typed: Mapping[str, str] | None = None, answers: FormAnswers | None = None
) -> Response[str]:
    lang = language_of(request)
    groups = [
        (step, facts_form.fields_for(asked_facts(step.name), {}, lang, typed=typed, answers=answers))
        for step in steps({}, lang)
    ]
    fields = [field for _, asked in groups for field in asked]
    return page(
        request,
        "check/offline.html",
        status_code=422 if answers else HTTP_200_OK,
        groups=groups,
        errors={field.name: field.error for field in fields if field.error},
        labels={field.name: field.label for field in fields},
    )


router = Router("/", route_handlers=[manifest, service_worker, offline, arrive], include_in_schema=False)
