"""What a business offers one side, checked whole before it is published."""

from __future__ import annotations

from dataclasses import dataclass

from referral.domain.programs.fitting import problems_of
from referral.domain.programs.kinds import Fulfilment, Kind, Side, Trigger
from referral.domain.programs.steps import Step
from referral.foundation.errors import Invalid


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What a business offers one side; amounts in minor units of the program's currency."""

    side: Side
    kind: Kind
    trigger: Trigger
    amount_minor: int | None = None
    rate_bp: int | None = None
    cap_minor: int | None = None
    person_cap_minor: int | None = None
    minimum_minor: int = 0
    words: str | None = None
    periods: int | None = None
    choices: tuple[Kind, ...] = ()
    choose_within_days: int | None = None
    minimum_payout_minor: int | None = None
    times: int | None = None
    milestone_every: int | None = None
    milestone_at: int | None = None
    steps: tuple[Step, ...] = ()
    credit_life_days: int | None = None
    fulfilment: Fulfilment | None = None
    fallback_kind: Kind | None = None
    fallback_days: int | None = None
    own_words: bool = False
    discount_days: int | None = None
    discount_minimum_minor: int | None = None
    first_order_only: bool = False

    @property
    def kinds(self) -> frozenset[Kind]:
        """Return every kind that a reward of this may be given as."""
        named = {self.kind, *self.choices, self.fallback_kind}
        return frozenset(kind for kind in named if kind is not None)

    def check(self, currency: str) -> None:
        """Raise Invalid naming each part that does not fit, such as `advocate_cap`."""
        problems = problems_of(self, currency)
        if problems:
            raise Invalid(fields={f"{self.side}_{part}": said for part, said in problems.items()})
