"""What is promised, in the model in memory: kinds of reward, offers, and rules of programs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction


@dataclass(frozen=True)
class Way:
    """How a kind behaves, whoever gives it.

    What is `ours` is done at once, with nobody outside to ask. `money` settles debts. What is
    `whole` cannot be made smaller before it is given. What `returns` may be taken back outside.
    What is `undivided` is taken back whole or not at all. What is taken `alone` rests on what was
    read, so it waits while another is under way.
    """

    ours: bool = False
    money: bool = False
    whole: bool = False
    returns: bool = True
    undivided: bool = False
    alone: tuple[str, ...] = ()


WAYS = {
    "account_credit": Way(money=True, alone=("take",)),
    "discount": Way(undivided=True),
    "recognition": Way(ours=True, returns=False),
    "free_period": Way(whole=True, undivided=True, alone=("give", "take")),
    "refund": Way(returns=False, alone=("give",)),
    "gift": Way(ours=True, whole=True, undivided=True),
    "request": Way(whole=True, returns=False),
    "charity": Way(ours=True),
    "choice": Way(ours=True, returns=False),
    "cash": Way(money=True),
    "store_credit": Way(ours=True, money=True),
}


@dataclass(frozen=True)
class Offer:
    """What one side was promised."""

    side: str
    kind: str
    trigger: str
    amount: int | None
    rate_bp: int | None
    cap: int | None
    person_cap: int | None
    minimum: int
    day_cap: int | None = None
    month_cap: int | None = None
    household_cap: int | None = None
    payout: int | None = None
    life_days: int | None = None
    choices: tuple[str, ...] = ()
    times: int | None = None
    every: int | None = None
    at: int | None = None
    steps: tuple[tuple[int, int], ...] = ()
    unit: int = 1
    fallback: str | None = None
    fallback_days: int = 14
    expire_days: int | None = None
    code_days: int | None = None
    code_minimum: int | None = None
    by_server: bool = False

    def worth(self, base: int, place: int | None = None) -> int:
        """Say what a base earns; with steps, for the friend of a place."""
        if self.is_share_off:
            return 0
        amount, rate = self.amount, self.rate_bp
        if self.steps and place is not None:
            step = [worth for first, worth in self.steps if first <= place][-1]
            amount, rate = (None, step) if amount is None else (step, None)
        if amount is not None:
            return amount
        exact = self.unit * round(Fraction(base * (rate or 0), 10_000 * self.unit))
        return exact if self.cap is None else min(exact, self.cap)

    def best(self, base: int) -> int:
        """Say what a base earns at the best of all places; of a share off an order, whether."""
        if self.is_share_off:
            return base
        return max(self.worth(base, place) for place, _ in self.steps or ((1, 0),))

    @property
    def is_share_off(self) -> bool:
        """Tell whether its worth is known only when an order to come is paid."""
        return self.kind == "discount" and self.rate_bp is not None

    @property
    def is_milestone(self) -> bool:
        return self.trigger == "milestone"

    def reaches(self, place: int) -> bool:
        """Tell whether the friend of a place makes a milestone."""
        return place == self.at if self.every is None else place % self.every == 0

    @property
    def is_repeated(self) -> bool:
        return self.trigger in ("purchase", "renewal")


@dataclass
class Program:
    """One program: what it offers now, what it offered since when, and what it has committed."""

    offers: dict[str, Offer]
    budget: int | None
    first_wins: bool
    needs_staff: bool
    hold: timedelta
    automatic_below: int | None = None
    second_from: int | None = None
    day_cap: int | None = None
    month_cap: int | None = None
    household_cap: int | None = None
    expire_days: int | None = None
    state: str = "active"
    committed: int = 0
    published: list[tuple[datetime, Offer]] = field(default_factory=list)
    taken: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def offers_on(self, at: datetime) -> dict[str, Offer]:
        """Say what was offered at a moment; before all else, what was offered first."""
        return {
            side: next(
                (
                    one
                    for since, one in reversed(self.published)
                    if one.side == side and since <= at
                ),
                next(one for _, one in self.published if one.side == side),
            )
            for side in self.offers
        }

    def approvals_for(self, amount: int) -> int:
        if self.second_from is not None and amount >= self.second_from:
            return 2
        is_large = self.automatic_below is not None and amount >= self.automatic_below
        return int(self.needs_staff or is_large)
