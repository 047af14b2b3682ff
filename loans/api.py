"""Needs, offers, applications, the officers' queue and decisions over the API.

Thin on purpose: a handler turns bodies into service calls and the result into a Read model, once.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.connection import Request
from litestar.enums import MediaType
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Body, HeaderParameter, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from sqlalchemy.ext.asyncio import AsyncSession

from auth import idempotency
from auth.actor import Actor
from auth.guards import PUBLIC, access
from auth.roles import Role
from loans import applications, cases, confirmations, decisions, officer, products
from loans.deadlines import Standing
from loans.schemas import (
    ApplicationInput,
    ApplicationList,
    ApplicationRead,
    DecisionInput,
    DisbursementRead,
    FinancingRequestInput,
    FinancingRequestRead,
    OffersRead,
    ProductRead,
    QueueRead,
)
from loans.state import LoansState

OWNER = (Role.OWNER,)
BANK = (Role.OFFICER, Role.SENIOR_OFFICER)
READERS = (*OWNER, *BANK, Role.AUDITOR)
APPLY = "POST /api/v1/applications"
AnyRequest = Request[Any, Any, Any]
Language = Literal["zh-CN", "en"]


@get("/products", **PUBLIC)
async def list_products(session: AsyncSession) -> list[ProductRead]:
    """Every credit product on offer, with its rate band, limits and the marks of its sources."""
    return await products.current_products(session)


@get("/products/{product_id:str}", **PUBLIC)
async def one_product(session: AsyncSession, product_id: str) -> ProductRead:
    """The current version of one product."""
    return await products.current_product(session, product_id)


@post("/financing-requests", **access(*OWNER))
async def ask(
    session: AsyncSession, actor: Actor, data: Annotated[FinancingRequestInput, Body()], now: datetime
) -> FinancingRequestRead:
    """State a need of one of your enterprises: amount, term, purpose."""
    return applications.request_read(await applications.ask(session, actor, data, now=now))


@get("/financing-requests/{request_id:uuid}/offers", **access(*OWNER))
async def offers(
    session: AsyncSession, actor: Actor, request_id: UUID, lending: LoansState, as_of: date
) -> OffersRead:
    """Every product judged for a need and priced at both ends of its rate band; eligible first, cheapest
    first."""
    return await applications.offers_for(
        session, actor, request_id, applicant_of=lending.applicant_of, as_of=as_of
    )


@post(
    "/applications",
    responses={HTTP_201_CREATED: ResponseSpec(ApplicationRead, generate_examples=False)},
    **access(*OWNER),
)
async def apply(
    *,
    request: AnyRequest,
    session: AsyncSession,
    actor: Actor,
    data: Annotated[ApplicationInput, Body()],
    lending: LoansState,
    now: datetime,
    as_of: date,
    idempotency_key: Annotated[str | None, HeaderParameter(name="Idempotency-Key")] = None,
) -> Response[bytes]:
    """Apply for one product. The same Idempotency-Key with the same body gives the same answer again."""
    digest = idempotency.request_digest(await request.body())
    before = await idempotency.once(session, actor, APPLY, idempotency_key, digest, now=now)
    if before is not None:
        return _answered(before.status, before.body)
    application = await applications.apply(
        session,
        actor,
        data,
        applicant_of=lending.applicant_of,
        translate=lending.press.translate,
        now=now,
        as_of=as_of,
    )
    body = (await cases.case_read(session, actor, application, now=now)).model_dump(mode="json")
    await idempotency.save_response(
        session, actor, APPLY, idempotency_key or "", status=HTTP_201_CREATED, body=body
    )
    return _answered(HTTP_201_CREATED, body)


def _answered(status: int, body: Any) -> Response[bytes]:
    """The answer to an application, first or repeated, byte for byte the same: the store does not keep key order."""
    return Response(
        msgspec.json.encode(body, order="sorted"),
        status_code=status,
        media_type=MediaType.JSON,
        headers={"Location": f"/api/v1/applications/{body['id']}"},
    )


@get("/applications", **access(*OWNER))
async def my_applications(session: AsyncSession, actor: Actor) -> ApplicationList:
    """The applications of your enterprises, newest first."""
    return ApplicationList(applications=await cases.summaries(session, actor))


@get("/applications/{application_id:uuid}", **access(*READERS))
async def one_application(
    session: AsyncSession, actor: Actor, application_id: UUID, now: datetime
) -> ApplicationRead:
    """One case with its timeline, for its owner, its bank and auditors."""
    return await cases.case(session, actor, application_id, now=now)


@post("/applications/{application_id:uuid}/withdraw", status_code=HTTP_200_OK, **access(*OWNER))
async def withdraw(
    session: AsyncSession, actor: Actor, application_id: UUID, now: datetime
) -> ApplicationRead:
    """Withdraw your application, any time before the pay-out."""
    application = await applications.withdraw(session, actor, application_id, now=now)
    return await cases.case_read(session, actor, application, now=now)


@post("/applications/{application_id:uuid}/accept", status_code=HTTP_200_OK, **access(*OWNER))
async def accept(session: AsyncSession, actor: Actor, application_id: UUID, now: datetime) -> ApplicationRead:
    """Accept the bank's offer."""
    application = await applications.accept(session, actor, application_id, now=now)
    return await cases.case_read(session, actor, application, now=now)


@get("/applications/{application_id:uuid}/confirmation.pdf", media_type="application/pdf", **access(*READERS))
async def confirmation_pdf(
    *,
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    lending: LoansState,
    now: datetime,
    lang: Language = "zh-CN",
) -> Response[bytes]:
    """The newest paper: a receipt of the submission, the bank's approval, or the terms both agreed to.

    Each is printed and signed at its first download, in `lang`, and the same bytes ever after.
    """
    paper = await confirmations.confirmation(
        session, actor, application_id, press=lending.press, language=lang, now=now
    )
    return pdf_response(paper.pdf, paper.serial)


def pdf_response(pdf: bytes, serial: str) -> Response[bytes]:
    """A stored paper as a download that no proxy keeps."""
    return Response(
        pdf,
        media_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{serial}.pdf"',
            "Cache-Control": "private, no-store",
        },
    )


@get("/officer/queue", **access(*BANK))
async def queue(
    *,
    session: AsyncSession,
    actor: Actor,
    now: datetime,
    show: Literal["all", "waiting", "mine", "second_approval", "decided"] = "all",
    standing: Literal["outside", "near", "within"] | None = None,
    search: Annotated[str, QueryParameter(max_length=100)] = "",
    page: Annotated[int, QueryParameter(ge=1, le=officer.LAST_PAGE)] = 1,
    size: Annotated[int, QueryParameter(ge=1, le=officer.LARGEST_PAGE)] = 20,
) -> QueueRead:
    """Your bank's waiting cases, worst deadline first, with counters outside, near and within the
    deadline; or the decided ones; or with `search` every case of that number or enterprise."""
    only = Standing(standing) if standing else None
    return await officer.queue(
        session, actor, now=now, show=show, only=only, search=search.strip(), page=page, size=size
    )


@post("/officer/queue/claim-next", status_code=HTTP_200_OK, **access(*BANK))
async def claim_next(session: AsyncSession, actor: Actor, now: datetime) -> ApplicationRead:
    """Take the unclaimed case with the worst deadline; a 404 problem when there is none."""
    application = await officer.claim_next(session, actor, now=now)
    return await cases.case_read(session, actor, application, now=now)


@post("/applications/{application_id:uuid}/claim", status_code=HTTP_200_OK, **access(*BANK))
async def claim(session: AsyncSession, actor: Actor, application_id: UUID, now: datetime) -> ApplicationRead:
    """Take this case."""
    application = await officer.claim(session, actor, application_id, now=now)
    return await cases.case_read(session, actor, application, now=now)


@post("/applications/{application_id:uuid}/release", status_code=HTTP_200_OK, **access(*BANK))
async def release(
    session: AsyncSession, actor: Actor, application_id: UUID, now: datetime
) -> ApplicationRead:
    """Give this case back to the queue."""
    application = await officer.release(session, actor, application_id, now=now)
    return await cases.case_read(session, actor, application, now=now)


@post("/applications/{application_id:uuid}/decisions", **access(*BANK))
async def decide(
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    data: Annotated[DecisionInput, Body()],
    now: datetime,
) -> ApplicationRead:
    """Approve with terms or decline with reasons; above a million yuan a second, senior person confirms."""
    application = await decisions.decide(session, actor, application_id, data, now=now)
    return await cases.case_read(session, actor, application, now=now)


@post("/applications/{application_id:uuid}/disbursements", **access(*BANK))
async def disburse(
    session: AsyncSession, actor: Actor, application_id: UUID, now: datetime
) -> DisbursementRead:
    """Record the pay-out of an accepted loan; a second time is a 409."""
    return await decisions.disburse(session, actor, application_id, now=now)


router = Router(
    path="/api/v1",
    route_handlers=[
        *(list_products, one_product, ask, offers),
        *(apply, my_applications, one_application, withdraw, accept, confirmation_pdf),
        *(queue, claim_next, claim, release, decide, disburse),
    ],
    tags=["loans"],
)
