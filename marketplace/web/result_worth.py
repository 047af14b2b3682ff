"""An amount as a result shows it: exact, a range, a ceiling, or open until a figure is stated.

Apart from the lists, because a share and the PDF show amounts without them.
"""

from dataclasses import dataclass
from decimal import Decimal

from eligibility.benefit import Benefit
from eligibility.benefit_range import Range

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Worth:
    """An amount as it is shown. kind: exact, at_most, range, at_least, open (figures are still to be stated), none.

    needs: labels of the figures and facts it waits for.
    """

    kind: str
    least: Decimal | None = None
    most: Decimal | None = None
    needs: tuple[str, ...] = ()


def worth_of(found: Range | None, benefit: Benefit, lang: str) -> Worth:
    """How a range is shown. While a figure of the policy's own is open its ceiling says little: details tell it."""
    if found is None or benefit.amount is None:
        return Worth("none")
    words, at_most = benefit.amount.vocabulary.facts, benefit.at_most
    needs = tuple(words[name].label(lang) for name in found.missing)
    least, most = found.least or ZERO, found.most
    if most is None or (least <= 0 and waits_for_figures(found, benefit)):
        return Worth("at_least" if least >= 1 and not at_most else "open", least, most, needs)
    if at_most:
        return Worth("at_most", ZERO, most, needs)
    if least == most:
        return Worth("exact", least, most)
    return Worth("range" if least > 0 else "at_most", least, most, needs)


def waits_for_figures(found: Range, benefit: Benefit) -> bool:
    """Whether an amount waits for a figure of the policy's own."""
    return any(fact.name in found.missing for fact in benefit.inputs)
