"""The result as a PDF to take along: the same words as the page, with how to have what applies.

Not sealed and not registered: it repeats what somebody stated, and says so.
"""

import asyncio
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Request, Router, get
from litestar.response import Response
from sqlalchemy.ext.asyncio import AsyncSession

from auth.actor import Actor
from auth.guards import PUBLIC
from marketplace.documents.fonts import font_set
from marketplace.i18n import translate, translate_plural
from marketplace.language import language_of
from marketplace.portal.errors import NothingToShare
from marketplace.web import format as words
from marketplace.web.result_filters import Filters
from marketplace.web.result_view import ResultView
from marketplace.web.result_whose import Subject, subject_of
from marketplace.web.result_worth import Worth
from pdf.document import longest, shorten
from pdf.summary import (
    SummaryDocument,
    SummaryFigure,
    SummaryRow,
    SummarySection,
    SummaryWords,
    render_summary,
)
from policies.matching import Judged

AnyRequest = Request[Any, Any, Any]
MOST_LISTED = 140
"""Rows of a section; what is beyond is counted."""


@get("/check/result.pdf", media_type="application/pdf", **PUBLIC)
async def summary(
    request: AnyRequest,
    session: AsyncSession,
    as_of: date,
    now: datetime,
    maybe_actor: Actor | None,
    enterprise: UUID | None = None,
) -> Response[bytes]:
    """The summary of the visitor's result, or of an enterprise of the signed-in owner."""
    subject = await subject_of(request, session, maybe_actor, enterprise)
    if not subject.facts:
        raise NothingToShare
    lang = language_of(request)
    body = await asyncio.to_thread(drawn, subject, lang, as_of, now)
    name = f"result-{as_of.isoformat()}.pdf"
    return Response(
        body,
        media_type="application/pdf",
        headers={"content-disposition": f'inline; filename="{name}"', "content-language": lang},
    )


def drawn(subject: Subject, lang: str, day: date, now: datetime) -> bytes:
    """The PDF's bytes."""
    kept = subject.enterprise is not None
    view = ResultView(lang, subject.advice(day), subject.questions, Filters(), kept=kept)
    return render_summary(SummaryWriter(view, subject, now).document(), font_set())


class SummaryWriter:
    """One result put into the words of the paper."""

    def __init__(self, view: ResultView, subject: Subject, now: datetime) -> None:
        self.view, self.subject, self.now = view, subject, now
        self.lang = view.lang

    def say(self, key: str, **params: object) -> str:
        return translate(self.lang, key, **params)

    def count(self, key: str, n: int, **params: object) -> str:
        return translate_plural(self.lang, key, n, **params)

    def document(self) -> SummaryDocument:
        """The whole paper."""
        view = self.view
        enterprise = self.subject.enterprise
        return SummaryDocument(
            language=self.lang,
            made_at=self.now,
            words=self.labels(),
            figures=self.figures(),
            sections=self.sections(),
            title=self.say("paper.title"),
            subject=shorten(enterprise.name, longest(SummaryDocument, "subject")) if enterprise else "",
            made_text=self.say("paper.made", day=words.day(view.result.as_of, self.lang)),
            version=self.say("paper.version", version=view.result.pack_version),
        )

    def labels(self) -> SummaryWords:
        return SummaryWords(
            platform=self.say("site.name"),
            platform_line=self.say("site.for"),
            policy=self.say("paper.policy"),
            amount=self.say("paper.amount"),
            until=self.say("paper.until"),
            none=self.say("paper.none"),
            strength_heading=self.say("paper.strength"),
            strength=self.say("paper.judged"),
            unsealed=self.say("paper.unsealed"),
            missing_glyph=self.say("paper.missing_glyph"),
            page_of=self.say("paper.page_of", page="{page}", pages="{pages}"),
        )

    def figures(self) -> tuple[SummaryFigure, ...]:
        result, view = self.view.result, self.view
        sure, open_, no = (len(each) for each in (result.eligible, result.undetermined, result.ineligible))
        return (
            SummaryFigure(
                label=self.count("result.sure", sure),
                figure=words.yuan(view.best.yuan, self.lang),
                note=self.count("result.counted", len(view.chosen)),
            ),
            SummaryFigure(
                label=self.count("result.open", open_),
                figure=self.say("result.more_money", amount=words.yuan(view.most - view.best.yuan, self.lang))
                if view.most
                else "—",
                note=self.count("paper.waiting", len(view.waiting)) if view.waiting else "",
            ),
            SummaryFigure(
                label=self.count("result.not_now", no),
                figure=str(view.one_step) if no else "—",
                note=self.count("result.one_step", view.one_step).strip() if no else "",
            ),
        )

    def sections(self) -> tuple[SummarySection, ...]:
        view = self.view
        sure, open_ = view.certain, view.possible
        return (
            SummarySection(
                rows=tuple(self.row(one, self.how(one)) for one in sure[:MOST_LISTED]),
                heading=self.say("result.group_sure"),
                note=self.beyond(sure),
            ),
            SummarySection(
                rows=tuple(self.row(one, self.open(one)) for one in open_[:MOST_LISTED]),
                heading=self.say("result.group_open"),
                note=self.beyond(open_),
            ),
        )

    def beyond(self, listed: list[Judged]) -> str:
        more = len(listed) - MOST_LISTED
        return self.count("result.more", more) if more > 0 else ""

    def row(self, judged: Judged, how: str) -> SummaryRow:
        """One policy's row."""
        policy, text = judged.policy, judged.policy.text
        deadline = self.view.last_day(judged)
        meta = self.say("list.comma").join(
            [text["document_no"], text["issuer"], self.say(f"category.{text['category']}")]
        )
        return SummaryRow(
            name=shorten(policy.name(self.lang), longest(SummaryRow, "name")),
            meta=shorten(meta, longest(SummaryRow, "meta")),
            amount=self.amount(self.view.worth(judged), judged),
            until=words.day(deadline, self.lang) if deadline else self.say("paper.no_end"),
            how=shorten(how, longest(SummaryRow, "how")),
        )

    def amount(self, worth: Worth, judged: Judged) -> str:
        """An amount in a cell."""
        said = {name: words.yuan(getattr(worth, name) or 0, self.lang) for name in ("least", "most")}
        match worth.kind:
            case "exact":
                return said["least"]
            case "at_most":
                return self.say("result.at_most", amount=said["most"])
            case "at_least":
                return self.say("result.at_least", amount=said["least"])
            case "range":
                return self.say("result.range", **said)
            case "open":
                return self.say("result.amount_open")
        return self.say(f"benefit.{judged.benefit.type}")

    def how(self, judged: Judged) -> str:
        """How to have it, where and until when, as running text."""
        way = self.view.way(judged)
        if way is None:
            return self.say("claim.unknown", issuer=judged.policy.text["issuer"])
        parts = [
            self.say(f"claim.{way.how}"),
            self.labelled("claim.papers", way.papers(self.lang)),
            self.labelled("claim.where", [way.where(self.lang)]),
            self.labelled("claim.until", [way.until_words(self.lang)]),
        ]
        return self.say("list.next").join(parts)

    def labelled(self, key: str, texts: Iterable[str]) -> str:
        return f"{self.say(key)}{self.say('list.colon')}{self.say('list.comma').join(texts)}"

    def open(self, judged: Judged) -> str:
        """What would settle it."""
        labels = [label for _, label in self.view.settling(judged)]
        return f"{self.say('result.missing')}{self.say('list.comma').join(labels)}"


router = Router("/", route_handlers=[summary], include_in_schema=False)
