"""The headers that tell a browser what our pages may do: load our own files, and nothing from anywhere else.

On every answer, errors included, because an error page is where injected markup would show.
"""

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from marketplace.settings import Settings

CONTENT = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""No inline script or style anywhere; pictures may be data: URLs, which is how a QR code is drawn."""

HEADERS = {
    "content-security-policy": CONTENT,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"


async def secure_headers(message: Message, scope: Scope) -> None:
    """before_send hook: add what the response does not say itself; nothing is cached unless it says so."""
    if message["type"] != "http.response.start":
        return
    message.setdefault("headers", [])
    headers = MutableScopeHeaders.from_message(message)
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "no-store")
    settings: Settings = scope["litestar_app"].state["settings"]
    if settings.secure:
        headers.setdefault("strict-transport-security", STRICT_TRANSPORT)
