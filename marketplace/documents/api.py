"""The public check of a file over the API, and the certificate for those who would rather check themselves.

Anybody may ask, since whoever is shown a paper has no account here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from litestar import Response, Router, get, post
from litestar.connection import Request
from litestar.openapi.spec import OpenAPIMediaType, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.openapi.spec.operation import Operation
from litestar.status_codes import HTTP_200_OK
from sqlalchemy.ext.asyncio import AsyncSession

from auth.guards import PUBLIC
from marketplace.documents.check import Answer, check
from marketplace.documents.keys import identity
from marketplace.documents.schemas import DocumentVerdict
from marketplace.documents.uploads import FIELD, LARGEST_BODY, sent_file
from marketplace.i18n import LANGS, translate
from marketplace.language import language_of
from marketplace.settings import Settings

_BINARY = Schema(type=OpenAPIType.STRING, format="binary")  # type: ignore[arg-type]
_FORM = Schema(type=OpenAPIType.OBJECT, properties={FIELD: _BINARY}, required=[FIELD])


@dataclass
class CheckOperation(Operation):
    """Describes the body, which the handler reads itself: a form with a file, or the bare PDF."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            content={
                "multipart/form-data": OpenAPIMediaType(schema=_FORM),
                "application/pdf": OpenAPIMediaType(schema=_BINARY),
            },
            required=True,
        )


@post(
    "/documents/verify",
    status_code=HTTP_200_OK,
    request_max_body_size=LARGEST_BODY,
    operation_class=CheckOperation,
    **PUBLIC,
)
async def verify_document(
    request: Request[Any, Any, Any], session: AsyncSession, settings: Settings
) -> DocumentVerdict:
    """Whether a PDF is a confirmation of ours, complete and unchanged: a form with `file`, or the PDF itself."""
    return verdict_read(await check(session, await sent_file(request), settings.keys), language_of(request))


@get("/documents/certificate.pem", media_type="application/x-pem-file", **PUBLIC)
async def certificate(settings: Settings, now: datetime) -> Response[bytes]:
    """The certificate of the platform's seal, for checking with one's own program."""
    pem = identity(settings.keys, now).certificate.public_bytes(Encoding.PEM)
    return Response(pem, media_type="application/x-pem-file")


def verdict_read(answer: Answer, lang: str) -> DocumentVerdict:
    """An answer as it is sent."""
    verdict, paper = answer.verdict, answer.paper
    words = {each: translate(each, f"verify.finding.{answer.finding}") for each in LANGS}
    return DocumentVerdict.model_validate(
        {
            "valid": answer.valid,
            "finding": answer.finding,
            "message": words[lang],
            "messages": words,
            "altered": verdict.altered,
            "sha256": verdict.sha256,
            "serial": verdict.serial,
            "strength": verdict.strength.value if verdict.strength else None,
            "signed_at": verdict.signed_at,
            "signer": verdict.signer,
            "key_sha256": verdict.key,
            "bank": paper.bank(lang) if paper else None,
            "product": paper.product(lang) if paper else None,
            "application": ("open" if paper.open else "ended") if paper else None,
            "state": paper.state if paper else None,
            "newer_paper": paper.newer if paper else None,
        }
    )


router = Router(path="/api/v1", route_handlers=[verify_document, certificate], tags=["documents"])
