"""Reads an offer as it is typed: `account_credit:1000` in minor units, `discount:20%` as a rate,
`cash:10%` in money, `recognition:Thank you!` in words,
`choice:1000:cash,charity` with the kinds to choose from, `gift:1000:webhook` for a gift that the
business's own server gives, `free_period:1000:2` for free time by its worth and how much of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from referral.domain.programs import Fulfilment, Kind, OfferTerms, Side, Step, Trigger
from referral.domain.programs.kinds import CHOOSABLE, FALLBACKS, MOST_PERIODS, WITHOUT_MONEY
from referral.foundation.errors import Invalid


@dataclass(frozen=True, slots=True)
class Extras:
    """What goes with an offer: how often, which friends, from what purchase on, and at most what.

    Amounts are minor units; `tiers` are typed as `1:1000,5:1500` or `1:10%,5:15%`. The `fallback`
    of account credit is typed as `gift` or, with the days a customer is waited for, `gift:30`.
    """

    times: int | None = None
    milestone_every: int | None = None
    milestone_at: int | None = None
    tiers: str = ""
    minimum: int | None = None
    cap: int | None = None
    person_cap: int | None = None
    credit_life_days: int | None = None
    fallback: str = ""
    own_words: bool = False
    discount_days: int | None = None
    discount_minimum: int | None = None
    first_order_only: bool = False
    minimum_payout: int | None = None


_NONE = Extras()
_NO_OFFER = "There is no offer that this could be a part of."
_SHARED = {
    "credit_life_days": "Neither side gets store credit that could expire.",
    "own_words": "Neither side gets a thank-you that could be written.",
    "discount_days": "Neither side gets a discount whose code could end.",
    "discount_minimum": "Neither side gets a discount with a smallest order.",
    "first_order_only": "Neither side gets a discount for a first order.",
}
"""What is said once for both sides, and holds for the one whose kind has it; else it is refused."""
_WITH_THE_AMOUNT = ("amount", "words", "periods", "choices", "choose_within_days", "fulfilment")
OPTIONS = {
    **{f"{side}_{part}": f"{side}_offer" for side in Side for part in _WITH_THE_AMOUNT},
    **{f"{side}_{part}": part for side in Side for part in _SHARED},
    **{f"{side}_fallback_days": f"{side}_fallback" for side in Side},
    **{
        f"advocate_{part}": part
        for part in (
            "times", "minimum", "cap", "person_cap", "minimum_payout",
            "milestone_every", "milestone_at",
        )
    },
    "advocate_milestone": "milestone_every",
    "friend_milestone": "friend_trigger",
    "advocate_steps": "advocate_tiers",
    "friend_steps": "friend_offer",
}  # fmt: skip
"""The option each part of an offer is given with."""


def read_offer(side: Side, text: str, trigger: str, *, extras: Extras = _NONE) -> OfferTerms | None:
    """Read what follows the kind and a colon; raises Invalid saying how to write it.

    With tiers the amount is the first of them, and may be left out. Without an offer there is
    nothing that the extras of this side could go with.
    """
    if not text.strip():
        _refuse_extras(side, extras)
        return None
    kind, _, amount = text.strip().partition(":")
    field = f"{side}_offer"
    if kind not in [*Kind]:
        raise Invalid(fields={field: f"The kind is one of: {', '.join(Kind)}."})
    chosen = Trigger(trigger)
    has_money = kind not in WITHOUT_MONEY
    choices: tuple[Kind, ...] = ()
    if kind == Kind.CHOICE:
        amount, _, named = amount.partition(":")
        choices = _choices(named, field)
    fulfilment = None
    if kind == Kind.GIFT:
        amount, _, named = amount.partition(":")
        fulfilment = _fulfilment(named, field)
    periods = None
    if kind == Kind.FREE_PERIOD:
        amount, _, named = amount.partition(":")
        periods = _periods(amount, named, field)
    steps = _steps(extras.tiers, amount if has_money else "", field)
    amount_minor, rate_bp = None, None
    if has_money and steps:
        amount_minor, rate_bp = steps[0].amount_minor, steps[0].rate_bp
    elif has_money:
        amount_minor, rate_bp = _amount_or_rate(amount, field)
    fallback_kind, fallback_days = _fallback(extras.fallback, field)
    may_last = Kind.STORE_CREDIT in (kind, fallback_kind, *choices)
    is_code = kind == Kind.DISCOUNT
    return OfferTerms(
        side=side,
        kind=Kind(kind),
        trigger=chosen,
        amount_minor=amount_minor,
        rate_bp=rate_bp,
        cap_minor=extras.cap,
        person_cap_minor=extras.person_cap,
        minimum_minor=extras.minimum or 0,
        words=None if has_money else amount,
        periods=periods,
        choices=choices,
        minimum_payout_minor=extras.minimum_payout,
        fulfilment=fulfilment,
        times=extras.times,
        milestone_every=extras.milestone_every,
        milestone_at=extras.milestone_at,
        steps=steps,
        credit_life_days=extras.credit_life_days if may_last else None,
        fallback_kind=fallback_kind,
        fallback_days=fallback_days,
        own_words=extras.own_words and kind == Kind.RECOGNITION,
        discount_days=extras.discount_days if is_code else None,
        discount_minimum_minor=extras.discount_minimum if is_code else None,
        first_order_only=extras.first_order_only and is_code,
    )


def refuse_what_nobody_has(extras: Extras, offers: Sequence[OfferTerms]) -> None:
    """Raise Invalid naming what is said for both sides while neither offer has such a part."""
    taken = {
        part
        for part in _SHARED
        for offer in offers
        if getattr(offer, part, None) or getattr(offer, f"{part}_minor", None)
    }
    refused = {part: said for part, said in _SHARED.items() if getattr(extras, part)}
    problems = {part: said for part, said in refused.items() if part not in taken}
    if problems:
        raise Invalid(fields=problems)


def trigger_for_friend(text: str, said: str | None, advocates: str) -> str:
    """Return what earns a friend's offer: what was said, or the signup for a discount.

    Everything else is for what earns the advocate's. Raises Invalid when there is no offer.
    """
    if said and not text.strip():
        raise Invalid(fields={"friend_trigger": _NO_OFFER})
    is_welcome = text.strip().startswith(f"{Kind.DISCOUNT}:")
    return said or (Trigger.SIGNUP if is_welcome else advocates)


def _refuse_extras(side: Side, extras: Extras) -> None:
    """Raise Invalid naming what is said of a side that gets nothing."""
    own = (field.name for field in fields(Extras) if field.name not in _SHARED)
    said = [part for part in own if getattr(extras, part) != getattr(_NONE, part)]
    if said:
        raise Invalid(fields={f"{side}_{part}": _NO_OFFER for part in said})


def _fulfilment(text: str, field: str) -> Fulfilment:
    """Read where gifts come from; a stock when nothing is said."""
    try:
        return Fulfilment(text or Fulfilment.STOCK)
    except ValueError:
        raise Invalid(fields={field: f"A gift is from: {', '.join(Fulfilment)}."}) from None


def _periods(amount: str, text: str, field: str) -> int:
    """Read how many periods are free; one when nothing is said.

    Then an amount that is no more than the most periods is refused: it was meant as their number.
    """
    said = (
        "Write a free period as free_period:AMOUNT:PERIODS, such as free_period:1000:1:"
        " what it is worth to you in minor units, and how many periods are free."
    )
    if text:
        is_wrong = not (text.isascii() and text.isdigit())
    else:
        is_wrong = amount.isascii() and amount.isdigit() and int(amount[:9]) <= MOST_PERIODS
    if is_wrong:
        raise Invalid(fields={field: said})
    return int(text[:9] or 1)


def _choices(text: str, field: str) -> tuple[Kind, ...]:
    """Read the kinds to choose from; every one there is when none is named."""
    named = [name.strip() for name in text.split(",") if name.strip()]
    if not set(named) <= set(CHOOSABLE):
        raise Invalid(fields={field: f"Choose among: {', '.join(CHOOSABLE)}."})
    return tuple(Kind(name) for name in named) or CHOOSABLE


def _fallback(text: str, field: str) -> tuple[Kind | None, int | None]:
    """Read what is given instead of account credit, and after how many days."""
    if not text.strip():
        return None, None
    kind, colon, days = text.strip().partition(":")
    if kind not in FALLBACKS or (colon and not (days.isascii() and days.isdigit())):
        said = f"Write what is given instead as KIND or KIND:DAYS, of: {', '.join(FALLBACKS)}."
        raise Invalid(fields={field: said})
    return Kind(kind), int(days[:9]) if colon else None


def _steps(text: str, amount: str, field: str) -> tuple[Step, ...]:
    """Read `1:1000,5:1500`; an offer's own amount is the first step where the list begins later."""
    if not text.strip():
        return ()
    steps = []
    for part in text.split(","):
        friends, colon, worth = part.strip().partition(":")
        if not (colon and friends.isascii() and friends.isdigit() and len(friends) <= 9):
            said = "Write the tiers as FRIENDS:AMOUNT, such as 1:1000,5:1500 or 1:10%,5:15%."
            raise Invalid(fields={field: said})
        steps.append(Step(int(friends), *_amount_or_rate(worth, field)))
    first = Step(1, *_amount_or_rate(amount, field)) if amount else None
    if first is not None and steps[0].friends > 1:
        steps.insert(0, first)
    if first is not None and steps[0] != first:
        raise Invalid(fields={field: "The first tier is what the offer gives to begin with."})
    return tuple(steps)


def _amount_or_rate(text: str, field: str) -> tuple[int | None, int | None]:
    """Read minor units, or a rate with at most two decimals as basis points."""
    side = field.split("_", maxsplit=1)[0]
    said = f"Write the {side} offer in minor units (1000) or as a rate (10%, 12.5%)."
    number = text.removesuffix("%")
    whole, _, decimals = number.partition(".")
    if not (whole.isascii() and whole.isdigit()) or (decimals and not decimals.isdigit()):
        raise Invalid(fields={field: said})
    if not text.endswith("%"):
        if decimals:
            raise Invalid(fields={field: said})
        return int(whole), None
    if len(decimals) > 2:
        raise Invalid(fields={field: said})
    return None, int(whole) * 100 + int((decimals + "00")[:2])
