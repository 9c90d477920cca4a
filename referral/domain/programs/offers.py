"""Who gets what for which event, in versions that never change once published (I-30)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, false, func, select
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned
from referral.domain.programs.programs import CAPS, Program
from referral.domain.programs.steps import MOST_FRIENDS, Step, check_steps
from referral.foundation.db import (
    Currency,
    JsonList,
    Key,
    Long,
    Minor,
    Model,
    Moment,
    Short,
    one_of,
    session,
    whole_minor,
)
from referral.foundation.errors import Invalid
from referral.foundation.guards import append_only
from referral.foundation.ids import public_id
from referral.foundation.money import FULL_RATE_BP, LIMIT_MINOR, step_minor


class Side(StrEnum):
    """Who the offer is for."""

    ADVOCATE = "advocate"
    FRIEND = "friend"


class Trigger(StrEnum):
    """What earns it: the friend's signup, their first paid purchase, each one, each paid renewal
    of their subscription; or that so many friends have bought.
    """

    SIGNUP = "signup"
    FIRST_PURCHASE = "first_purchase"
    PURCHASE = "purchase"
    RENEWAL = "renewal"
    MILESTONE = "milestone"


REPEATED = (Trigger.PURCHASE, Trigger.RENEWAL)
"""What may happen several times, and be rewarded up to so many."""
MOST_TIMES = 999


class Kind(StrEnum):
    """What is given; with a `choice` the person says which of several kinds of one amount."""

    ACCOUNT_CREDIT = "account_credit"
    DISCOUNT = "discount"
    RECOGNITION = "recognition"
    FREE_PERIOD = "free_period"
    REFUND = "refund"
    GIFT = "gift"
    CHARITY = "charity"
    CHOICE = "choice"
    CASH = "cash"
    STORE_CREDIT = "store_credit"


class Fulfilment(StrEnum):
    """Who has the gifts: a stock of codes that staff keep here, or the business's own server."""

    STOCK = "stock"
    WEBHOOK = "webhook"


MOST_WORDS = 500
"""The longest thank-you, in characters."""

MOST_PERIODS = 12
"""The most periods of a subscription that one reward gives."""

WITHOUT_MONEY = frozenset({Kind.RECOGNITION})
"""The kinds that are worth no money: their offers have words in the place of an amount."""

OF_FIXED_WORTH = frozenset({Kind.GIFT})
"""The kinds that come as they are: their offers have an amount and never a rate."""

CHOOSABLE = (Kind.ACCOUNT_CREDIT, Kind.STORE_CREDIT, Kind.CASH, Kind.GIFT, Kind.CHARITY)
"""The kinds that a choice may offer: each worth just the amount."""

FALLBACKS = (Kind.STORE_CREDIT, Kind.CASH, Kind.GIFT, Kind.CHARITY)
"""What somebody who is no customer at Stripe may be given instead of credit on a bill."""

FALLBACK_DAYS = 14
"""How long is waited for a customer before that, unless the offer says otherwise."""

LONGEST_FALLBACK_DAYS = 365

LONGEST_CHOICE_DAYS = 365
"""The longest that a choice may be waited for before the first kind is taken."""

MONEY = frozenset({Kind.ACCOUNT_CREDIT, Kind.STORE_CREDIT, Kind.CASH})
"""The kinds whose worth is money that can be added up."""

LONGEST_CODE_DAYS = 1800
"""The longest that a discount's code may be used: Stripe takes no end beyond five years."""

LONGEST_LIFE_DAYS = 3650
"""The longest that store credit may last, where it ends at all."""


class Offer(Owned, Model):
    """One version of one side's offer; guarded against change by a trigger.

    Exactly one of `amount_minor` and `rate_bp` (1 to 10,000) is set, or `words` where no money is
    given. `cap_minor` bounds one reward of a rate, `person_cap_minor` what one person may get in
    all, `minimum_minor` is the least base; `periods` are those of a subscription that are free.
    A choice lists its `choices`; after `choose_within_days` the first one is taken. Cash waits
    until `minimum_payout_minor` has gathered. `times` bounds one friend's purchases or renewals.
    A milestone is `milestone_every` so many friends, or `milestone_at` a number. `steps` are what
    the friend's place decides, see `steps.py`; the first is the offer's own amount or rate.
    Store credit lasts `credit_life_days`. `fulfilment` is where a gift comes from: a stock, unless
    it says otherwise. Credit on a bill is given as the `fallback_kind` to somebody who is no
    customer at Stripe `fallback_days` after it was approved. With `own_words` somebody is asked to
    write a thank-you to each person; `words` are for who gets none.
    A discount's code may be used for `discount_days`, on orders from `discount_minimum_minor` on,
    and with `first_order_only` by nobody who has paid before.
    """

    __table_args__ = (
        UniqueConstraint("program_id", "side", "version"),
        one_of("side", Side),
        one_of("trigger", Trigger),
        one_of("kind", Kind),
        CheckConstraint(
            "(CASE WHEN amount_minor IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN rate_bp IS NULL THEN 0 ELSE 1 END)"
            " = (CASE WHEN kind = 'recognition' THEN 0 ELSE 1 END)",
            name="amount_or_rate",
        ),
        CheckConstraint("rate_bp IS NULL OR rate_bp BETWEEN 1 AND 10000", name="rate_range"),
        CheckConstraint("amount_minor IS NULL OR amount_minor > 0", name="amount_positive"),
        *whole_minor(
            "amount_minor",
            "cap_minor",
            "person_cap_minor",
            "minimum_minor",
            "minimum_payout_minor",
            "discount_minimum_minor",
        ),
        *whole_minor(*CAPS),
    )
    prefix: ClassVar[str] = "ofr"

    id: Mapped[Key]
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("program.id"))
    side: Mapped[Short]
    version: Mapped[int]
    trigger: Mapped[Short]
    kind: Mapped[Short]
    amount_minor: Mapped[Minor | None]
    rate_bp: Mapped[int | None]
    currency: Mapped[Currency]
    cap_minor: Mapped[Minor | None]
    person_cap_minor: Mapped[Minor | None]
    minimum_minor: Mapped[Minor] = mapped_column(default=0)
    hold_days: Mapped[int]
    published_at: Mapped[Moment]
    words: Mapped[Long | None] = mapped_column(default=None, sort_order=4)
    day_cap_minor: Mapped[Minor | None] = mapped_column(default=None, sort_order=6)
    month_cap_minor: Mapped[Minor | None] = mapped_column(default=None, sort_order=6)
    household_cap_minor: Mapped[Minor | None] = mapped_column(default=None, sort_order=6)
    expire_days: Mapped[int | None] = mapped_column(default=None, sort_order=6)
    periods: Mapped[int | None] = mapped_column(default=None, sort_order=8)
    choices: Mapped[JsonList | None] = mapped_column(default=None, sort_order=11)
    choose_within_days: Mapped[int | None] = mapped_column(default=None, sort_order=11)
    minimum_payout_minor: Mapped[Minor | None] = mapped_column(default=None, sort_order=12)
    times: Mapped[int | None] = mapped_column(default=None, sort_order=14)
    milestone_every: Mapped[int | None] = mapped_column(default=None, sort_order=14)
    milestone_at: Mapped[int | None] = mapped_column(default=None, sort_order=14)
    steps: Mapped[JsonList | None] = mapped_column(default=None, sort_order=14)

    fulfilment: Mapped[Short | None] = mapped_column(default=None, sort_order=18)

    @property
    def tiers(self) -> tuple[Step, ...]:
        """Return the steps, the lowest first; none when every friend counts the same."""
        return tuple(Step(**step) for step in self.steps or ())

    @property
    def counts_friends(self) -> bool:
        """Tell whether it matters how many friends of the advocate have bought before."""
        return self.trigger == Trigger.MILESTONE or bool(self.steps)

    @property
    def fulfilled_by(self) -> Fulfilment | None:
        """Return who has its gifts; versions from before there was a choice take a stock's."""
        may_be_a_gift = Kind.GIFT in (self.kind, self.fallback_kind, *(self.choices or ()))
        return Fulfilment(self.fulfilment or Fulfilment.STOCK) if may_be_a_gift else None

    def reaches(self, place: int) -> bool:
        """Tell whether the friend of this place makes a milestone."""
        if self.milestone_every:
            return place % self.milestone_every == 0
        return place == self.milestone_at

    credit_life_days: Mapped[int | None] = mapped_column(default=None, sort_order=16)
    fallback_kind: Mapped[str | None] = mapped_column(String(40), default=None, sort_order=19)
    fallback_days: Mapped[int | None] = mapped_column(default=None, sort_order=19)
    own_words: Mapped[bool] = mapped_column(default=False, server_default=false(), sort_order=19)
    discount_days: Mapped[int | None] = mapped_column(default=None, sort_order=19)
    discount_minimum_minor: Mapped[Minor | None] = mapped_column(default=None, sort_order=19)
    first_order_only: Mapped[bool] = mapped_column(
        default=False, server_default=false(), sort_order=19
    )

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)


append_only(Offer)

RULES = ("hold_days", *CAPS, "expire_days")
"""Rules of the programme that each version carries as they were the day it was published."""


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
        if self.kind == Kind.DISCOUNT and self.trigger != Trigger.SIGNUP:
            raise Invalid(fields={field: "A discount is given at signup: use the trigger signup."})
        self._check_choices(field)
        self._check_gift(field)
        self.check_fallback()
        if self.rate_bp and self.trigger == Trigger.SIGNUP and self.kind != Kind.DISCOUNT:
            raise Invalid(fields={field: "A signup has no price: give an amount, not a rate."})
        self._check_counting(field)
        self._check_steps(field)
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
        if milestones and (self.side != Side.ADVOCATE or self.rate_bp):
            said = "A milestone gives the advocate an amount: there is no one purchase to share."
            raise Invalid(fields={field: said})
        if self.times is not None and self.trigger not in REPEATED:
            said = "How many times is said of purchases and renewals only."
            raise Invalid(fields={field: said})
        if self.times is not None and not 1 <= self.times <= MOST_TIMES:
            raise Invalid(fields={field: f"Between 1 and {MOST_TIMES} times."})

    def _check_steps(self, field: str) -> None:
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

    def _check_choices(self, field: str) -> None:
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


def publish_offer(program: Program, terms: OfferTerms, *, at: datetime) -> Offer:
    """Publish the next version of a side's offer; earlier versions stay for those promised them."""
    terms.check(program.currency)
    latest = session.scalar(
        select(func.max(Offer.version)).where(
            Offer.program_id == program.id, Offer.side == terms.side
        )
    )
    offer = Offer(
        business_id=program.business_id,
        program_id=program.id,
        side=terms.side,
        version=(latest or 0) + 1,
        trigger=terms.trigger,
        kind=terms.kind,
        amount_minor=terms.amount_minor,
        rate_bp=terms.rate_bp,
        currency=program.currency,
        cap_minor=terms.cap_minor,
        person_cap_minor=terms.person_cap_minor,
        minimum_minor=terms.minimum_minor,
        **{rule: getattr(program, rule) for rule in RULES},
        published_at=at,
        periods=(terms.periods or 1) if terms.kind == Kind.FREE_PERIOD else None,
        words=terms.words.strip() if terms.words else None,
        choices=list(terms.choices) or None,
        choose_within_days=terms.choose_within_days,
        minimum_payout_minor=terms.minimum_payout_minor,
        times=terms.times,
        milestone_every=terms.milestone_every,
        milestone_at=terms.milestone_at,
        steps=[step.as_json() for step in terms.steps] or None,
        credit_life_days=terms.credit_life_days,
        fulfilment=(terms.fulfilment or Fulfilment.STOCK) if Kind.GIFT in terms.kinds else None,
        fallback_kind=terms.fallback_kind,
        fallback_days=_fallback_days(terms),
        own_words=terms.own_words,
        discount_days=terms.discount_days,
        discount_minimum_minor=terms.discount_minimum_minor,
        first_order_only=terms.first_order_only,
    )
    session.add(offer)
    session.flush()
    return offer


def _fallback_days(terms: OfferTerms) -> int | None:
    if terms.fallback_kind is None:
        return None
    return FALLBACK_DAYS if terms.fallback_days is None else terms.fallback_days


def publish_rules(program: Program, *, at: datetime) -> list[Offer]:
    """Publish a version of each offer whose rules the programme has changed; else nothing.

    Whoever was referred before keeps the version, and so the rules, of that day (I-30).
    """
    fresh = [
        _with_rules(offer, program, at=at)
        for offer in current_offers(program.id).values()
        if any(getattr(offer, rule) != getattr(program, rule) for rule in RULES)
    ]
    session.add_all(fresh)
    session.flush()
    return fresh


def _with_rules(offer: Offer, program: Program, *, at: datetime) -> Offer:
    same = {
        column.key: getattr(offer, column.key)
        for column in Offer.__table__.columns
        if column.key not in {"id", *RULES}
    }
    rules = {rule: getattr(program, rule) for rule in RULES}
    return Offer(**{**same, **rules, "version": offer.version + 1, "published_at": at})


def current_offers(program_id: uuid.UUID) -> dict[Side, Offer]:
    """Return the newest version of each side's offer."""
    query = select(Offer).where(Offer.program_id == program_id).order_by(Offer.version)
    return {Side(offer.side): offer for offer in session.scalars(query)}
