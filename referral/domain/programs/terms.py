"""What a business offers one side, checked whole before it is published."""

from __future__ import annotations

from dataclasses import dataclass

from referral.domain.programs.kinds import (
    CHOOSABLE,
    FALLBACKS,
    LONGEST_CHOICE_DAYS,
    LONGEST_CODE_DAYS,
    LONGEST_FALLBACK_DAYS,
    LONGEST_LIFE_DAYS,
    MOST_PERIODS,
    MOST_TIMES,
    MOST_WORDS,
    OF_FIXED_WORTH,
    REPEATED,
    WITHOUT_MONEY,
    Fulfilment,
    Kind,
    Side,
    Trigger,
)
from referral.domain.programs.steps import MOST_FRIENDS, Step, check_steps
from referral.foundation.errors import Invalid
from referral.foundation.money import FULL_RATE_BP, LIMIT_MINOR, step_minor


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What a business offers one side; amounts in minor units of the programme's currency."""

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
        """Raise Invalid naming what does not fit together, or not the programme's currency."""
        field = f"{self.side}_offer"
        self._check_what(field)
        if self.kind == Kind.FREE_PERIOD:
            self._check_periods(field)
        if self.amount_minor is not None and not 1 <= self.amount_minor <= LIMIT_MINOR:
            raise Invalid(fields={field: "An amount is a whole number of minor units above zero."})
        if self.rate_bp is not None and not 1 <= self.rate_bp <= FULL_RATE_BP:
            raise Invalid(fields={field: "A rate lies above 0% and at most at 100%."})
        for limit in (self.cap_minor, self.person_cap_minor):
            if limit is not None and not 1 <= limit <= LIMIT_MINOR:
                raise Invalid(fields={field: "A cap is a whole number of minor units above zero."})
        self._check_payout(field)
        if not 0 <= self.minimum_minor <= LIMIT_MINOR:
            raise Invalid(fields={field: "A minimum purchase is zero or more minor units."})
        self.check_life()
        self.check_discount(currency)
        self.check_choices()
        self._check_gift(field)
        self.check_fallback()
        if self.rate_bp and self.trigger == Trigger.SIGNUP and self.kind != Kind.DISCOUNT:
            raise Invalid(fields={field: "A signup has no price: give an amount, not a rate."})
        self._check_counting(field)
        self.check_steps()
        self._check_currency(field, currency)

    def _check_what(self, field: str) -> None:
        """Words for a thank-you; for everything else an amount or a rate, never both."""
        if self.own_words and self.kind != Kind.RECOGNITION:
            raise Invalid(fields={field: "Only a thank-you is written to each person."})
        if self.kind in WITHOUT_MONEY:
            self._check_words(field)
        elif (self.amount_minor is None) == (self.rate_bp is None):
            raise Invalid(fields={field: "Give either an amount or a rate."})

    def _check_counting(self, field: str) -> None:
        milestones = [one for one in (self.milestone_every, self.milestone_at) if one is not None]
        if (self.trigger == Trigger.MILESTONE) != (len(milestones) == 1):
            said = "A milestone is either every so many friends or one number of friends."
            raise Invalid(fields={field: said})
        if milestones and not 1 <= milestones[0] <= MOST_FRIENDS:
            raise Invalid(fields={field: f"A milestone is 1 to {MOST_FRIENDS:,} friends."})
        is_share = self.rate_bp is not None and self.kind != Kind.DISCOUNT
        if milestones and (self.side != Side.ADVOCATE or is_share):
            said = "A milestone gives the advocate an amount: there is no one purchase to share."
            raise Invalid(fields={field: said})
        if self.times is not None and self.trigger not in REPEATED:
            said = "How many times is said of purchases and renewals only."
            raise Invalid(fields={field: said})
        if self.times is not None and not 1 <= self.times <= MOST_TIMES:
            raise Invalid(fields={field: f"Between 1 and {MOST_TIMES} times."})

    def check_steps(self) -> None:
        """Raise Invalid when the steps do not fit together, or not what the offer is for."""
        field = f"{self.side}_offer"
        if not self.steps:
            return
        if self.side != Side.ADVOCATE or self.trigger not in (Trigger.FIRST_PURCHASE, *REPEATED):
            said = "Steps by the number of friends are for the advocate, and for purchases."
            raise Invalid(fields={field: said})
        try:
            check_steps(self.steps)
        except ValueError as wrong:
            raise Invalid(fields={field: str(wrong)}) from None
        first = self.steps[0]
        if (first.amount_minor, first.rate_bp) != (self.amount_minor, self.rate_bp):
            raise Invalid(fields={field: "The first step is what the offer gives to begin with."})

    def _check_currency(self, field: str, currency: str) -> None:
        """An amount of three decimals ends in 0: no provider pays a thousandth."""
        amounts = [self.amount_minor, self.cap_minor, *(one.amount_minor for one in self.steps)]
        if any(one is not None and one % step_minor(currency) for one in amounts):
            said = f"In {currency.upper()} the last of the three decimals is 0."
            raise Invalid(fields={field: said})

    def _check_periods(self, field: str) -> None:
        if self.amount_minor is None:
            raise Invalid(fields={field: "A free period is booked at an amount, not at a rate."})
        if not 1 <= (self.periods or 1) <= MOST_PERIODS:
            raise Invalid(fields={field: f"Give between 1 and {MOST_PERIODS} free periods."})

    def check_choices(self) -> None:
        """Raise Invalid when these kinds cannot be chosen from, or not for so long."""
        field = f"{self.side}_offer"
        if self.kind != Kind.CHOICE:
            if self.choices or self.choose_within_days is not None:
                raise Invalid(fields={field: "Only a choice has kinds to choose from."})
            return
        if len(set(self.choices)) < 2 or len(set(self.choices)) < len(self.choices):
            raise Invalid(fields={field: "Offer at least two kinds to choose from."})
        if not set(self.choices) <= set(CHOOSABLE):
            raise Invalid(fields={field: f"Choose among: {', '.join(CHOOSABLE)}."})
        if self.choose_within_days is not None and not (
            1 <= self.choose_within_days <= LONGEST_CHOICE_DAYS
        ):
            raise Invalid(fields={field: f"Give 1 to {LONGEST_CHOICE_DAYS} days for the choice."})

    def _check_gift(self, field: str) -> None:
        if self.fulfilment and Kind.GIFT not in self.kinds:
            raise Invalid(fields={field: "Only a gift is fulfilled by somebody."})
        if self.rate_bp and OF_FIXED_WORTH & self.kinds:
            raise Invalid(fields={field: "A gift has one worth: give an amount, not a rate."})

    def _check_payout(self, field: str) -> None:
        if self.minimum_payout_minor is None:
            return
        if Kind.CASH not in (self.kind, self.fallback_kind):
            raise Invalid(fields={field: "Only money that is paid out has a smallest payout."})
        if not 1 <= self.minimum_payout_minor <= LIMIT_MINOR:
            raise Invalid(fields={field: "A smallest payout is minor units above zero."})

    def check_life(self) -> None:
        """Raise Invalid when only store credit can end, or not after so many days."""
        field = f"{self.side}_offer"
        if self.credit_life_days is None:
            return
        if Kind.STORE_CREDIT not in (self.kind, self.fallback_kind):
            raise Invalid(fields={field: "Only store credit expires."})
        if not 1 <= self.credit_life_days <= LONGEST_LIFE_DAYS:
            said = f"Store credit lasts 1 to {LONGEST_LIFE_DAYS} days, or for good."
            raise Invalid(fields={field: said})

    def check_fallback(self) -> None:
        """Raise Invalid when what is given instead of credit on a bill does not fit."""
        field = f"{self.side}_offer"
        if self.fallback_kind is None:
            if self.fallback_days is not None:
                raise Invalid(fields={field: "Say what is given instead after these days."})
            return
        if self.kind != Kind.ACCOUNT_CREDIT:
            raise Invalid(fields={field: "Only account credit can be given as something else."})
        if self.fallback_kind not in FALLBACKS:
            raise Invalid(fields={field: f"Give instead one of: {', '.join(FALLBACKS)}."})
        if not 0 <= (self.fallback_days or 0) <= LONGEST_FALLBACK_DAYS:
            said = f"Wait 0 to {LONGEST_FALLBACK_DAYS} days for a customer."
            raise Invalid(fields={field: said})

    def check_discount(self, currency: str) -> None:
        """Raise Invalid when what limits the use of a code does not fit."""
        field, least = f"{self.side}_offer", self.discount_minimum_minor
        if self.kind != Kind.DISCOUNT:
            if self.discount_days is not None or least is not None or self.first_order_only:
                raise Invalid(fields={field: "Only a discount has a code whose use is limited."})
            return
        if self.cap_minor is not None:
            raise Invalid(fields={field: "A discount has no cap: no checkout would hold to it."})
        if self.discount_days is not None and not 1 <= self.discount_days <= LONGEST_CODE_DAYS:
            said = f"A code may be used for 1 to {LONGEST_CODE_DAYS:,} days, or for good."
            raise Invalid(fields={field: said})
        if least is not None and not 1 <= least <= LIMIT_MINOR:
            raise Invalid(fields={field: "A smallest order is minor units above zero."})
        if least is not None and least % step_minor(currency):
            said = f"In {currency.upper()} the last of the three decimals is 0."
            raise Invalid(fields={field: said})

    def _check_words(self, field: str) -> None:
        if self.amount_minor is not None or self.rate_bp is not None:
            raise Invalid(fields={field: "A thank-you has words, and no amount."})
        if not 1 <= len((self.words or "").strip()) <= MOST_WORDS:
            said = f"Write the thank-you in your own words, at most {MOST_WORDS} characters."
            raise Invalid(fields={field: said})
