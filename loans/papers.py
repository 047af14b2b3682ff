"""What a paper says: one stored application put into the words of one language, ready to print.

There are three, by how far the case has come: the receipt of the submission (indicative), the bank's approval
(in principle) and the terms both agreed to (binding). Each states its own strength and stays true of its day.
Why the product fits is replayed from the stored rule and facts, not from today's.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal

from eligibility import Facts, Trace, Vocabulary, explain
from eligibility.sentence import Naming, describe, trimmed, value_words
from loans.applications import Translate
from loans.deadlines import CHINA
from loans.lifecycle import Status
from loans.money import yuan_from_fen
from loans.offers import rule_of
from loans.schedule import RepaymentMethod
from loans.schemas import ProductRead, QuoteRead
from loans.tables import Application
from pdf.document import (
    MOST_ITEMS,
    ConfirmationDocument,
    Reason,
    Strength,
    StrengthBox,
    Words,
    longest,
    shorten,
)

Say = Callable[..., str]
AGREED = {
    Status.OFFERED: Strength.IN_PRINCIPLE,
    Status.ACCEPTED: Strength.BINDING,
    Status.DISBURSED: Strength.BINDING,
}
"""How strong a paper of a case in this state is; in every other state it confirms the submission alone."""
CONDITIONS = {
    Status.OFFERED: ("contract",),
    Status.ACCEPTED: ("signed",),
    Status.DISBURSED: (),
}
NEXT_STEPS = {
    Status.OFFERED: ("accept", "withdraw"),
    Status.ACCEPTED: ("sign", "follow", "withdraw"),
    Status.DISBURSED: ("repay", "follow"),
}
RECEIPT_CONDITIONS = ("facts_checked", "terms_set", "contract")
RECEIPT_STEPS = ("answer", "follow", "withdraw")
ENGLISH_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Press:
    """What printing needs of the running service: its address, its words, and `sign`, from document to
    signed bytes."""

    base_url: str
    translate: Translate
    sign: Callable[[ConfirmationDocument], bytes]
    namer: Callable[[str], Naming]


def strength_of(status: Status) -> Strength:
    """The strength of the newest paper a case in this state can have."""
    return AGREED.get(status, Strength.INDICATIVE)


@dataclass(frozen=True, slots=True)
class Said:
    """What a paper states of the loan. `state` is None on a receipt, which knows of no decision."""

    amount_fen: int
    term: str
    quote: QuoteRead
    rate: str
    state: Status | None


def _said(application: Application, approved: QuoteRead | None, say: Say) -> Said:
    """The agreed terms where there are any, else the need at the highest rate of the product's band."""
    state = Status(application.status)
    if state not in AGREED:
        quote = QuoteRead.model_validate(application.quote)
        term = say("term", months=application.term_months)
        return Said(application.amount_fen, term, quote, say("rate", pct=f"{quote.apr_pct:.2f}"), None)
    if approved is None or application.agreed_amount_fen is None:
        raise ValueError(f"the case {application.serial} is {state.value} without an approval")
    nominal = trimmed(approved.annual_rate_pct)
    term = say("term_at", months=application.agreed_term_months, rate=nominal)
    return Said(application.agreed_amount_fen, term, approved, f"{approved.apr_pct:.2f}%", state)


def paper(
    application: Application,
    approved: QuoteRead | None,
    consent_wording: str,
    press: Press,
    language: str,
    serial: str,
    now: datetime,
) -> ConfirmationDocument:
    """The paper of `application` as far as the case has come, in `language`, numbered `serial`, issued at `now`.

    `approved` is what the bank's approval costs. A receipt speaks of the submission whenever it is printed, and
    what the bank decided later stands on later papers, so that what each says of its own strength stays true.
    """

    def say(key: str, **params: object) -> str:
        return press.translate(language, f"lending.paper.{key}", **params)

    strength = strength_of(Status(application.status))
    kind = strength.value
    said = _said(application, approved, say)
    product = ProductRead.model_validate(application.product)
    english = language == "en"
    bank = product.bank_name_en if english else product.bank_name_zh
    due = day_text(application.due_on, language)
    asked = amount_text(yuan_from_fen(application.amount_fen), language)
    conditions, steps = _lists(said.state)
    return ConfirmationDocument(
        language=language,
        issued_at=now,
        strength=strength,
        boxes=_boxes(say),
        reasons=tuple(reasons(application, say, press, language))[:MOST_ITEMS],
        words=_words(say, kind),
        serial=serial,
        verify_url=f"{press.base_url}/verify/{serial}",
        title=say(f"{kind}.title"),
        subtitle=_fit("subtitle", say(f"{kind}.subtitle", bank=bank, due=due, asked=asked)),
        issued_text=moment_text(now, language),
        submitted_text=moment_text(application.submitted_at, language),
        application_number=application.serial,
        enterprise_name=_fit("enterprise_name", application.applicant["name"]),
        uscc=application.applicant["uscc"],
        bank_name=_fit("bank_name", bank),
        product_name=_fit("product_name", product.name_en if english else product.name_zh),
        amount=amount_text(yuan_from_fen(said.amount_fen), language),
        term=said.term,
        annualised_rate=said.rate,
        rate_method=_fit("rate_method", say("rate_method", pct=f"{said.quote.apr_simple_pct:.2f}")),
        repayment_method=_fit("repayment_method", _repayment(said.quote, say, language)),
        purpose=_fit("purpose", application.purpose),
        total_cost=amount_text(said.quote.cost_yuan, language),
        total_cost_note=say(f"{kind}.total_cost_note"),
        status=_fit(
            "status", press.translate(language, f"lending.status.{(said.state or Status.SUBMITTED).value}")
        ),
        consent=_fit("consent", consent_wording),
        seal_notice=say("seal_notice"),
        conditions=tuple(say(f"condition.{each}", bank=bank) for each in conditions),
        next_steps=tuple(say(f"next.{each}", due=due, bank=bank) for each in steps),
    )


def _lists(state: Status | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which conditions are open and which steps come next."""
    return (RECEIPT_CONDITIONS, RECEIPT_STEPS) if state is None else (CONDITIONS[state], NEXT_STEPS[state])


def _words(say: Say, kind: str) -> Words:
    """The labels; three of them differ from paper to paper."""
    own = ("amount", "status", "this_paper")
    same = {each.name: say(f"word.{each.name}") for each in fields(Words) if each.name not in own}
    return Words(**same, **{name: say(f"{kind}.{name}") for name in own})


def _fit(field: str, text: str) -> str:
    return shorten(text, longest(ConfirmationDocument, field))


def _boxes(say: Say) -> tuple[StrengthBox, StrengthBox, StrengthBox]:
    low, middle, high = (
        StrengthBox(each, say(f"strength.{each.value}"), say(f"strength.{each.value}.meaning"))
        for each in Strength
    )
    return low, middle, high


def _repayment(quote: QuoteRead, say: Say, language: str) -> str:
    return say(
        f"repayment.{RepaymentMethod(quote.repayment_method).value}",
        payment=amount_text(quote.payment_yuan, language),
        last=amount_text(quote.final_payment_yuan, language),
    )


def reasons(application: Application, say: Say, press: Press, language: str) -> list[Reason]:
    """The conditions of the product's rule that were met, each with what this enterprise has."""
    words = Vocabulary.shipped()
    known = Facts.from_json(application.facts, words).on(application.as_of)
    trace = explain(rule_of(application.rule_text), known)
    parts = trace.children if trace.op == "all" else (trace,)
    return [
        Reason(
            clause=part.clause or say("clause", n=number),
            sentence=shorten(
                describe(part.node, words, language, press.namer(language)), longest(Reason, "sentence")
            ),
            value=shorten(_values(part, say, press, language), longest(Reason, "value")),
        )
        for number, part in enumerate(parts, start=1)
    ]


def _values(trace: Trace, say: Say, press: Press, language: str) -> str:
    found: dict[str, str] = {}
    for leaf in _leaves(trace):
        if leaf.fact and leaf.known and leaf.fact not in found:
            found[leaf.fact] = value_text(leaf.fact, leaf.value, press.namer(language), language)
    return say("and").join(found.values())


def _leaves(trace: Trace) -> list[Trace]:
    if trace.is_leaf:
        return [trace]
    return [leaf for child in trace.children for leaf in _leaves(child)]


def value_text(name: str, value: object, naming: Naming, language: str) -> str:
    """A fact's value in words, with its unit: yes or no, the label of a choice, 42 years, an amount."""
    fact = Vocabulary.shipped().facts[name]
    if fact.type == "date" and isinstance(value, str):
        value = date.fromisoformat(value)
    elif fact.is_number and value is not None:
        value = Decimal(str(value))
    return value_words(value, fact, language, naming)


def amount_text(yuan: Decimal, language: str) -> str:
    """An amount as it is printed: fen only where there are some."""
    figure = f"{yuan:,.0f}" if yuan == yuan.to_integral_value() else f"{yuan:,.2f}"
    return f"CNY {figure}" if language == "en" else f"{figure} 元"


def day_text(day: date, language: str) -> str:
    """A day with its year."""
    if language == "en":
        return f"{day.day} {ENGLISH_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def moment_text(moment: datetime, language: str) -> str:
    """An instant as the clock in China showed it."""
    local = moment.astimezone(CHINA)
    between = ", " if language == "en" else " "
    return f"{day_text(local.date(), language)}{between}{local:%H:%M}"
