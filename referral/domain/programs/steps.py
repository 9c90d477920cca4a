"""Steps of an offer: the more friends an advocate has brought, the more each further one earns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from referral.foundation.money import FULL_RATE_BP, LIMIT_MINOR

MOST_FRIENDS = 100_000
MOST_STEPS = 20


@dataclass(frozen=True, slots=True)
class Step:
    """What each friend earns from the `friends`-th on: an amount, or a rate of the base."""

    friends: int
    amount_minor: int | None = None
    rate_bp: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as an offer keeps it."""
        worth = {"amount_minor": self.amount_minor, "rate_bp": self.rate_bp}
        return {"friends": self.friends, **{k: v for k, v in worth.items() if v is not None}}


def step_at(steps: Sequence[Step], place: int) -> Step:
    """Return the step of the friend of a place, counted from 1.

    >>> steps = [Step(1, 1000), Step(5, 1500), Step(10, 2000)]
    >>> [step_at(steps, place).amount_minor for place in (1, 4, 5, 9, 10, 400)]
    [1000, 1000, 1500, 1500, 2000, 2000]
    """
    return [step for step in steps if step.friends <= place][-1]


def check_steps(steps: Sequence[Step]) -> None:
    """Raise ValueError, in words for whoever wrote them, when steps do not make sense together."""
    if not 2 <= len(steps) <= MOST_STEPS:
        raise ValueError(f"Give two to {MOST_STEPS} steps, or none.")
    friends = [step.friends for step in steps]
    if friends[0] != 1 or any(low >= high for low, high in pairwise(friends)):
        raise ValueError("Steps begin with the 1st friend and go up.")
    if friends[-1] > MOST_FRIENDS:
        raise ValueError(f"The last step begins with friend {MOST_FRIENDS:,} at the latest.")
    are_rates = {step.rate_bp is not None for step in steps}
    if len(are_rates) > 1 or any((s.amount_minor is None) == (s.rate_bp is None) for s in steps):
        raise ValueError("Steps are all amounts or all rates.")
    for step in steps:
        if step.rate_bp is not None and not 1 <= step.rate_bp <= FULL_RATE_BP:
            raise ValueError("A rate lies above 0% and at most at 100%.")
        if step.amount_minor is not None and not 1 <= step.amount_minor <= LIMIT_MINOR:
            raise ValueError("An amount is a whole number of minor units above zero.")
