"""Which parts an offer of a kind, for a trigger and a side, has, and in what range each lies.

Everything that is wrong is said at once, by the name of the part it is about. A part that the
chosen kind or trigger does not have is wrong: nothing that was said is dropped without a word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

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
    Kind,
    Side,
    Trigger,
)
from referral.domain.programs.steps import MOST_FRIENDS, check_steps
from referral.foundation.money import FULL_RATE_BP, LIMIT_MINOR, step_minor

if TYPE_CHECKING:
    from referral.domain.programs.terms import OfferTerms

_ONLY_CODES = "Only a discount has a code whose use is limited."
_ONLY_CHOICES = "Only a choice has kinds to choose from."


def problems_of(terms: OfferTerms, currency: str) -> dict[str, str]:
    """Return what is wrong with an offer in a currency, by part such as `cap`; empty when fine."""
    ranges = {
        "amount": _amount(terms),
        "words": _words(terms),
        "milestone": _milestone(terms),
        "steps": _steps(terms),
        "choices": _choices(terms),
        "fallback": _fallback(terms),
        **_limits(terms),
        **_numbers(terms),
    }
    found = {part: said for part, said in ranges.items() if said}
    return {**_too_fine(terms, currency), **found, **_misplaced(terms)}


def _misplaced(terms: OfferTerms) -> dict[str, str]:
    """Return each part that was said although the kind, trigger or side has none."""
    kind, trigger = terms.kind, terms.trigger
    is_thanks, is_code = kind in WITHOUT_MONEY, kind == Kind.DISCOUNT
    buys = trigger in (Trigger.FIRST_PURCHASE, *REPEATED)
    parts: list[tuple[str, Any, bool, str]] = [
        ("amount", terms.amount_minor or terms.rate_bp, not is_thanks,
         "A thank-you has words, and no amount."),
        ("cap", terms.cap_minor, not is_thanks and terms.amount_minor is None,
         "Only a share has a most each time: an amount is the same every time."),
        ("cap", terms.cap_minor, not is_code,
         "A discount has no cap: no checkout would hold to it."),
        ("person_cap", terms.person_cap_minor, not is_thanks,
         "A thank-you has no amount that could be too much for one person."),
        ("person_cap", terms.person_cap_minor, not (is_code and terms.rate_bp is not None),
         "Nobody knows what a share off an order will be worth: it has no most for one person."),
        ("minimum", terms.minimum_minor or None, trigger != Trigger.SIGNUP,
         "A signup has no purchase that could be too small."),
        ("words", terms.words, is_thanks, "Only a thank-you has words."),
        ("own_words", terms.own_words, is_thanks, "Only a thank-you is written to each person."),
        ("periods", terms.periods, kind == Kind.FREE_PERIOD, "Only a free period has periods."),
        ("choices", terms.choices, kind == Kind.CHOICE, _ONLY_CHOICES),
        ("choose_within_days", terms.choose_within_days, kind == Kind.CHOICE, _ONLY_CHOICES),
        ("minimum_payout", terms.minimum_payout_minor, Kind.CASH in terms.kinds,
         "Only money that is paid out has a smallest payout."),
        ("credit_life_days", terms.credit_life_days, Kind.STORE_CREDIT in terms.kinds,
         "Only store credit expires."),
        ("fulfilment", terms.fulfilment, Kind.GIFT in terms.kinds,
         "Only a gift is fulfilled by somebody."),
        ("fallback", terms.fallback_kind, kind == Kind.ACCOUNT_CREDIT,
         "Only account credit can be given as something else."),
        ("fallback_days", terms.fallback_days, terms.fallback_kind is not None,
         "Say what is given instead after these days."),
        ("discount_days", terms.discount_days, is_code, _ONLY_CODES),
        ("discount_minimum", terms.discount_minimum_minor, is_code, _ONLY_CODES),
        ("first_order_only", terms.first_order_only, is_code, _ONLY_CODES),
        ("times", terms.times, trigger in REPEATED,
         "How many times is said of purchases and renewals only."),
        ("steps", terms.steps, buys and terms.side == Side.ADVOCATE,
         "Steps by the number of friends are for the advocate, and for purchases."),
        ("steps", terms.steps, not is_thanks, "A thank-you is the same for every friend."),
        ("steps", terms.steps, kind != Kind.FREE_PERIOD,
         "A free period is the same for every friend."),
    ]  # fmt: skip
    return {part: said for part, value, has_it, said in parts if _is_said(value) and not has_it}


def _is_said(value: Any) -> bool:
    """Tell whether a part was said; no days to wait are said as well: they mean at once."""
    return value is not None and value is not False and value != ()


def _amount(terms: OfferTerms) -> str | None:
    """One amount or one rate for whatever is worth money; a thank-you has neither."""
    amount_minor, rate_bp = terms.amount_minor, terms.rate_bp
    if terms.kind in WITHOUT_MONEY:
        return None
    if (amount_minor is None) == (rate_bp is None):
        return "Give either an amount or a rate."
    if amount_minor is not None:
        fits = 1 <= amount_minor <= LIMIT_MINOR
        return None if fits else "An amount is a whole number of minor units above zero."
    return _rate(terms, rate_bp or 0)


def _rate(terms: OfferTerms, rate_bp: int) -> str | None:
    if not 1 <= rate_bp <= FULL_RATE_BP:
        return "A rate lies above 0% and at most at 100%."
    if terms.kind == Kind.DISCOUNT:
        return None
    if terms.kind == Kind.FREE_PERIOD:
        return "A free period is booked at an amount, not at a rate."
    if OF_FIXED_WORTH & terms.kinds:
        return "A gift has one worth: give an amount, not a rate."
    if terms.trigger == Trigger.SIGNUP:
        return "A signup has no price: give an amount, not a rate."
    if terms.trigger == Trigger.MILESTONE:
        return "A milestone gives an amount: there is no one purchase to share."
    return None


def _words(terms: OfferTerms) -> str | None:
    """A thank-you says something; a bare number was meant as an amount."""
    said = (terms.words or "").strip()
    is_number = re.fullmatch(r"[\d\s.,%]*", said) is not None
    if terms.kind not in WITHOUT_MONEY or (len(said) <= MOST_WORDS and not is_number):
        return None
    return f"Write the thank-you in your own words, at most {MOST_WORDS} characters."


def _milestone(terms: OfferTerms) -> str | None:
    said = [one for one in (terms.milestone_every, terms.milestone_at) if one is not None]
    if (terms.trigger == Trigger.MILESTONE) != (len(said) == 1):
        return "A milestone is either every so many friends or one number of friends."
    if said and not 1 <= said[0] <= MOST_FRIENDS:
        return f"A milestone is 1 to {MOST_FRIENDS:,} friends."
    if said and terms.side != Side.ADVOCATE:
        return "A milestone is for the advocate."
    return None


def _steps(terms: OfferTerms) -> str | None:
    if not terms.steps:
        return None
    try:
        check_steps(terms.steps)
    except ValueError as wrong:
        return str(wrong)
    first = terms.steps[0]
    if (first.amount_minor, first.rate_bp) != (terms.amount_minor, terms.rate_bp):
        return "The first step is what the offer gives to begin with."
    return None


def _choices(terms: OfferTerms) -> str | None:
    if terms.kind != Kind.CHOICE:
        return None
    if len(set(terms.choices)) < 2 or len(set(terms.choices)) < len(terms.choices):
        return "Offer at least two kinds to choose from."
    if not set(terms.choices) <= set(CHOOSABLE):
        return f"Choose among: {', '.join(CHOOSABLE)}."
    return None


def _fallback(terms: OfferTerms) -> str | None:
    if terms.fallback_kind is None or terms.fallback_kind in FALLBACKS:
        return None
    return f"Give instead one of: {', '.join(FALLBACKS)}."


def _limits(terms: OfferTerms) -> dict[str, str | None]:
    """Return what is wrong with amounts that bound something."""
    cap = "A cap is a whole number of minor units above zero."
    limits = {
        "cap": (terms.cap_minor, cap),
        "person_cap": (terms.person_cap_minor, cap),
        "minimum_payout": (
            terms.minimum_payout_minor, "A smallest payout is minor units above zero."
        ),
        "discount_minimum": (
            terms.discount_minimum_minor, "A smallest order is minor units above zero."
        ),
    }  # fmt: skip
    is_possible = 0 <= terms.minimum_minor <= LIMIT_MINOR
    return {
        part: None if limit is None or 1 <= limit <= LIMIT_MINOR else said
        for part, (limit, said) in limits.items()
    } | {"minimum": None if is_possible else "A minimum purchase is zero or more minor units."}


def _numbers(terms: OfferTerms) -> dict[str, str | None]:
    """Return what is wrong with numbers of days, times and periods."""
    numbers = {
        "periods": (
            terms.periods, 1, MOST_PERIODS, f"Give between 1 and {MOST_PERIODS} free periods."
        ),
        "choose_within_days": (
            terms.choose_within_days, 1, LONGEST_CHOICE_DAYS,
            f"Give 1 to {LONGEST_CHOICE_DAYS} days for the choice.",
        ),
        "times": (terms.times, 1, MOST_TIMES, f"Between 1 and {MOST_TIMES} times."),
        "credit_life_days": (
            terms.credit_life_days, 1, LONGEST_LIFE_DAYS,
            f"Store credit lasts 1 to {LONGEST_LIFE_DAYS} days, or for good.",
        ),
        "fallback_days": (
            terms.fallback_days, 0, LONGEST_FALLBACK_DAYS,
            f"Wait 0 to {LONGEST_FALLBACK_DAYS} days for a customer.",
        ),
        "discount_days": (
            terms.discount_days, 1, LONGEST_CODE_DAYS,
            f"A code may be used for 1 to {LONGEST_CODE_DAYS:,} days, or for good.",
        ),
    }  # fmt: skip
    return {
        part: None if number is None or least <= number <= most else said
        for part, (number, least, most, said) in numbers.items()
    }


def _too_fine(terms: OfferTerms, currency: str) -> dict[str, str]:
    """Return amounts of three decimals that do not end in 0: no provider pays a thousandth."""
    amounts = {
        "amount": [terms.amount_minor],
        "cap": [terms.cap_minor],
        "discount_minimum": [terms.discount_minimum_minor],
        "steps": [step.amount_minor for step in terms.steps],
    }
    said = f"In {currency.upper()} the last of the three decimals is 0."
    return {
        part: said
        for part, given in amounts.items()
        if any(one is not None and one % step_minor(currency) for one in given)
    }
