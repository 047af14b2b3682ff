"""What a message says, in the reader's language, worked out when it is read: from the version it is about and the facts
kept with it, so that it says the same in a year, on the page, in an e-mail and to a webhook.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from eligibility import Facts, Trace, Vocabulary, explain, sentence
from eligibility.benefit import Amount, compute
from marketplace.i18n import translate, translate_plural
from marketplace.notifications import notices
from marketplace.notifications.pushes import version_in
from marketplace.notifications.tables import InboxItem
from marketplace.portal.codes import namer
from marketplace.profiles.current import usable
from marketplace.web import format as words
from policies.pack import Pack, PolicyRecord, PublishedText


@dataclass(frozen=True)
class Told:
    """One policy of a message, for one reader."""

    text: PublishedText
    facts: Facts
    lang: str
    current: bool

    @property
    def id(self) -> str:
        """The policy's id."""
        return self.text.id

    @property
    def name(self) -> str:
        """What owners read as its heading."""
        return self.text.name(self.lang)

    @property
    def ends(self) -> date | None:
        """Its last day."""
        found: date | None = self.text.text["effective_to"]
        return found

    @property
    def starts(self) -> date:
        """Its first day."""
        return self.text.starts

    @cached_property
    def sentence(self) -> str:
        """Its rule in words; the document's own words where it has none we can read."""
        if isinstance(self.text, PolicyRecord):
            return sentence(self.text.rule, self.lang, namer(self.lang))
        return self.text.words("eligibility", self.lang)

    @cached_property
    def trace(self) -> Trace | None:
        """Why it applied, by the facts kept with the message."""
        return explain(self.text.rule, self.facts) if isinstance(self.text, PolicyRecord) else None

    @cached_property
    def amount(self) -> Amount | None:
        """What it was worth by those facts; None where it states no amount."""
        if not isinstance(self.text, PolicyRecord) or self.text.benefit.amount is None:
            return None
        return compute(self.text.benefit.amount, self.facts)

    @property
    def yuan(self) -> Decimal:
        """The amount, nothing where it is not known."""
        return (self.amount.exact if self.amount else None) or Decimal(0)

    @property
    def worth(self) -> str | None:
        """The amount in words, where it is known."""
        if not self.yuan:
            return None
        most = isinstance(self.text, PolicyRecord) and self.text.benefit.at_most
        shown = words.yuan(self.yuan, self.lang)
        return translate(self.lang, "inbox.worth_at_most" if most else "inbox.worth", amount=shown)


def told_of(pack: Pack, item: InboxItem, lang: str) -> Sequence[Told]:
    """The policies of a message, worth most and ending soonest first; one that is in no pack is left out."""
    facts = usable(item.facts if item.kind != "notice" else {}).on(item.day, Vocabulary.shipped())
    found = ((str(name), version_in(pack, str(name), int(number))) for name, number in item.policies)
    told = [
        Told(text, facts, lang, current=pack.history[name][-1].version == text.version)
        for name, text in found
        if text is not None
    ]
    return sorted(told, key=lambda one: (-one.yuan, one.ends or date.max, one.id))


def headline(item: InboxItem, told: Sequence[Told], lang: str) -> str:
    """The message in one line."""
    if item.kind == "notice":
        return notices.headline(item, lang)
    if not told:
        return translate(lang, "inbox.headline.gone")
    if item.kind == "facts":
        if len(told) == 1:
            return translate(lang, "inbox.headline.fact", policy=told[0].name)
        return translate_plural(lang, "inbox.headline.facts", len(told), policy=told[0].name)
    params: Mapping[str, object] = {"policy": told[0].name}
    if item.kind == "deadline":
        ends = told[0].ends or item.day
        left = (ends - item.day).days
        return translate_plural(lang, "inbox.headline.deadline", left, day=words.day(ends, lang), **params)
    return translate(lang, f"inbox.headline.{item.kind}", **params)


def address_of(item: InboxItem, base_url: str) -> str:
    """Where the message can be read."""
    return f"{base_url}/inbox/{item.push_id}/{item.enterprise_id}"
