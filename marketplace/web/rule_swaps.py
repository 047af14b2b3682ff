"""What htmx swaps while a rule or a formula is written, at the policies' desk and at a bank's.

Nothing is stored by it, so that whoever may write may ask.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from litestar import Request
from litestar.response import Response

from marketplace.language import language_of
from marketplace.web import admin_builder_view as view
from marketplace.web import forms
from marketplace.web.admin_builder_bench import sent
from marketplace.web.admin_diagnosis import amount_said, diagnosis
from marketplace.web.render import page

AnyRequest = Request[Any, Any, Any]


async def typed(request: AnyRequest, bench_url: str, *, citing: bool = True) -> Response[str]:
    """The complaints, the sentence and the rows for the text as it is typed."""
    return await _views(request, bench_url, "admin/check_swap.html", "typing", citing)


async def built(request: AnyRequest, bench_url: str, *, citing: bool = True) -> Response[str]:
    """The rows after one of their buttons or fields, with the text and the sentence."""
    return await _views(request, bench_url, "admin/bench_swap.html", "", citing)


async def _views(
    request: AnyRequest, bench_url: str, template: str, deed: str, citing: bool
) -> Response[str]:
    form, lang = await forms.read(request), language_of(request)
    bench = sent(form, form.get("do") or deed)
    return page(
        request,
        template,
        shown=view.shown(bench, lang, citing=citing),
        diagnosis=diagnosis(bench.text, lang),
        bench_url=bench_url,
        errors={},
    )


async def formula(
    request: AnyRequest, bench_url: str, field: str, inputs: Iterable[Mapping[str, Any]] = ()
) -> Response[str]:
    """What the money formula in `field` says as it is typed."""
    form = await forms.read(request)
    said = amount_said(form.get(field, ""), inputs, language_of(request))
    return page(request, "admin/amount.html", amount=said, bench_url=bench_url)
