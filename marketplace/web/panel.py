"""What stands beside a question: how much is decided and certain, what the last answer decided, and why one is asked.

Worked out from the standing alone, so that the panel beside each page and the end page can never tell different things.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from eligibility import Status
from marketplace.portal.interview import Offer, Standing

MOST_NAMED = 6
"""Policies and products named under "why do we ask"; more are counted."""
MOST_JUST = 3
"""Decisions of the last answer that are named."""


@dataclass(frozen=True, slots=True)
class Named:
    """An offer with what it is worth: `least` to `most` yuan; both None where no text states an amount."""

    name: str
    address: str
    document: str
    is_policy: bool
    status: str
    least: Decimal | None
    most: Decimal | None


class Panel:
    """Where the answers so far leave everything."""

    def __init__(self, standing: Standing, lang: str, since: Standing | None = None) -> None:
        self.standing, self.lang, self.since = standing, lang, since
        self.yes, self.maybe, self.no = (standing.counted(status) for status in _ORDER)
        self.all = self.yes + self.maybe + self.no
        self.decided = self.yes + self.no
        self.products_fit = standing.counted(Status.ELIGIBLE, policies=False)
        self.products_open = standing.counted(Status.UNDETERMINED, policies=False)
        self.certain = standing.certain
        self.perhaps = standing.perhaps

    @property
    def more_possible(self) -> bool:
        """Whether open answers can bring more."""
        return self.perhaps is None or self.perhaps > self.certain

    @property
    def just(self) -> Sequence[Named]:
        """The policies that the last answer made certain."""
        found = [offer for offer in self._changed() if self._status(offer) is Status.ELIGIBLE]
        return [named(offer, self.standing, self.lang) for offer in found][:MOST_JUST]

    @property
    def just_decided(self) -> int:
        """How many policies the last answer decided, either way."""
        return len(self._changed())

    def _changed(self) -> Sequence[Offer]:
        before = self.since.verdicts if self.since else {}
        return [
            offer
            for offer in self.standing.catalogue.offers
            if offer.is_policy
            and offer.id in before
            and before[offer.id].status is Status.UNDETERMINED
            and self._status(offer) not in (None, Status.UNDETERMINED)
        ]

    def _status(self, offer: Offer) -> Status | None:
        found = self.standing.verdicts.get(offer.id)
        return found.status if found else None


class Why:
    """Why a page is asked: what hangs on it, the most money first, and how much."""

    def __init__(self, standing: Standing, facts: Sequence[str], lang: str) -> None:
        waiting = standing.waiting_for(facts)
        found = [named(offer, standing, lang) for offer in waiting]
        found.sort(key=lambda one: (not one.is_policy, -(one.most or Decimal(0))))
        self.named, self.more = found[:MOST_NAMED], max(0, len(found) - MOST_NAMED)
        self.policies = sum(one.is_policy for one in found)
        self.products = len(found) - self.policies
        amounts = [one.most for one in found if one.most]
        self.largest = max(amounts, default=None)


def named(offer: Offer, standing: Standing, lang: str) -> Named:
    """An offer as it is told about in `lang`."""
    range_ = standing.range_of(offer) if offer.is_policy else None
    return Named(
        offer.names[lang],
        offer.address,
        offer.document,
        offer.is_policy,
        standing.verdicts[offer.id].status.value,
        range_.least if range_ else None,
        range_.most if range_ else None,
    )


_ORDER = (Status.ELIGIBLE, Status.UNDETERMINED, Status.INELIGIBLE)
