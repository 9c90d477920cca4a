"""Who gets what for which event, in versions that never change once published (I-30)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, false, select
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned
from referral.domain.businesses.endpoints import endpoint_of
from referral.domain.programs.kinds import (
    FALLBACK_DAYS,
    Fulfilment,
    Kind,
    Side,
    Trigger,
)
from referral.domain.programs.programs import CAPS, Program
from referral.domain.programs.steps import Step
from referral.domain.programs.terms import OfferTerms
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
    def gives_share_off(self) -> bool:
        """Tell whether it gives a share off an order to come, whose worth nobody knows yet."""
        return self.kind == Kind.DISCOUNT and self.rate_bp is not None

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
"""Rules of the program that each version carries as they were the day it was published."""


def check_server(business_id: uuid.UUID, terms: OfferTerms) -> None:
    """Raise Invalid for gifts of the business's own server while it has none."""
    if terms.fulfilment == Fulfilment.WEBHOOK and endpoint_of(business_id) is None:
        said = "Set up your gift server first: Settings, Gift server."
        raise Invalid(fields={f"{terms.side}_fulfilment": said})


def publish_offer(program: Program, terms: OfferTerms, *, at: datetime) -> Offer:
    """Publish the next version of a side's offer; earlier versions stay for those promised them.

    An offer just like the newest version makes none: that version is returned as it is.
    """
    terms.check(program.currency)
    latest = current_offers(program.id).get(terms.side)
    offer = _offer(program, terms, version=latest.version + 1 if latest else 1, at=at)
    if latest is not None and _promise_of(latest) == _promise_of(offer):
        return latest
    session.add(offer)
    session.flush()
    return offer


def _offer(program: Program, terms: OfferTerms, *, version: int, at: datetime) -> Offer:
    return Offer(
        business_id=program.business_id,
        program_id=program.id,
        side=terms.side,
        version=version,
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


def _promise_of(offer: Offer) -> dict[str, Any]:
    """Return everything an offer says, without which version it is and since when."""
    told_apart = {"id", "version", "published_at"}
    columns = (column.key for column in Offer.__table__.columns)
    return {name: getattr(offer, name) for name in columns if name not in told_apart}


def _fallback_days(terms: OfferTerms) -> int | None:
    if terms.fallback_kind is None:
        return None
    return FALLBACK_DAYS if terms.fallback_days is None else terms.fallback_days


def publish_rules(program: Program, *, at: datetime) -> list[Offer]:
    """Publish a version of each offer whose rules the program has changed; else nothing.

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


def offers_on(program_id: uuid.UUID, moment: datetime) -> dict[Side, Offer]:
    """Return each side's offer that was in force at a moment; before the first one, that."""
    query = select(Offer).where(Offer.program_id == program_id).order_by(Offer.version)
    found: dict[Side, Offer] = {}
    for offer in session.scalars(query):
        if Side(offer.side) not in found or offer.published_at <= moment:
            found[Side(offer.side)] = offer
    return found
