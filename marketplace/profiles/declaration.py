"""The text of a commitment: what is told and what is then declared, word for word as it is shown, kept and hashed.

Built from what is known at the moment and the day, in the reader's language: whoever confirms sends the hash of what he
read, so that nobody is bound by a text he has not seen.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from eligibility import Vocabulary
from marketplace.i18n import translate
from marketplace.profiles.commitment_steps import EXCLUDED_FOR, OBJECT_WITHIN, VERIFY_WITHIN
from marketplace.profiles.tables import Enterprise
from marketplace.web import format as words
from marketplace.web.verdicts import fact_words
from policies.pack import PublishedText

STATEMENTS = ("true", "told", "consequences", "verification")
"""What is declared, each ticked by itself (the four parts of a commitment: 国办发〔2020〕42号)."""
TOLD = ("voluntary", "counts", "verification", "consequences", "objection", "public", "withdraw")


@dataclass(frozen=True)
class Declaration:
    """What would be committed to. values: by fact, as they stand. who: the person's name."""

    enterprise: Enterprise
    values: Mapping[str, object]
    policy: PublishedText | None
    who: str
    lang: str
    now: datetime

    @property
    def day(self) -> date:
        """The day it is made, in the province."""
        return self.now.astimezone(words.HERE).date()

    @property
    def verify_by(self) -> date:
        """The last day on which it can be verified."""
        return self.day + VERIFY_WITHIN

    @cached_property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Label and value of each fact, in words."""
        shipped = Vocabulary.shipped().facts
        return tuple(
            (fact.label(self.lang), fact_words(fact, self.values[name], self.lang))
            for name, fact in shipped.items()
            if name in self.values
        )

    @cached_property
    def told(self) -> tuple[str, ...]:
        """What the enterprise is told, paragraph by paragraph."""
        params = {
            "verify_by": words.day(self.verify_by, self.lang),
            "object_days": OBJECT_WITHIN.days,
            "excluded_days": EXCLUDED_FOR.days,
        }
        return tuple(translate(self.lang, f"commitment.told.{name}", **params) for name in TOLD)

    @cached_property
    def statements(self) -> Mapping[str, str]:
        """What it declares."""
        return {name: translate(self.lang, f"commitment.statement.{name}") for name in STATEMENTS}

    @cached_property
    def wording(self) -> str:
        """The whole text."""

        def say(key: str, **params: object) -> str:
            return translate(self.lang, f"commitment.text.{key}", **params)

        policy = [say("policy", policy=self.policy.name(self.lang))] if self.policy else []
        return "\n".join(
            [
                say("title"),
                say("enterprise", name=self.enterprise.name, uscc=self.enterprise.uscc),
                say("facts"),
                *(say("fact", label=label, value=value) for label, value in self.facts),
                *policy,
                say("told"),
                *(f"{n}. {text}" for n, text in enumerate(self.told, 1)),
                say("declared"),
                *(f"{n}. {text}" for n, text in enumerate(self.statements.values(), 1)),
                say("signed", who=self.who, day=words.day(self.day, self.lang)),
            ]
        )

    @property
    def sha256(self) -> str:
        """Names the text."""
        return hashlib.sha256(self.wording.encode()).hexdigest()
