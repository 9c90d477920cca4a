"""One side's offer as a form: read field by field, and filled in again.

The form shows a part once the kind or trigger that has it is chosen, and only what it shows is
read: what was left in the part of another kind is not meant. Everything it shows has to fit.
"""

from __future__ import annotations

from typing import Any

from flask import g

from referral.domain.programs import (
    Fulfilment,
    Kind,
    Offer,
    OfferTerms,
    Side,
    Step,
    Trigger,
    check_server,
)
from referral.domain.programs.kinds import CHOOSABLE, MOST_WORDS, WITHOUT_MONEY
from referral.surfaces.console.counting import (
    has_wrong_step,
    read_counting,
    read_steps,
    typed_counting,
)
from referral.surfaces.console.forms import Form
from referral.surfaces.web.amounts import example, typed_amount, typed_rate

NOTHING = "nothing"
GIVEN = "Choose what is given."
_FIELDS = {
    "amount": "worth",
    "minimum_payout": "payout",
    "milestone": "friends",
    "steps": "step_1_friends",
    "fallback": "instead",
    "fallback_days": "instead_days",
    "choose_within_days": "choose_days",
}
"""The field of each part of an offer, where it has another name."""


def read_terms(form: Form, side: Side, currency: str) -> OfferTerms | None:
    """Read one side's offer from a form, with every problem of it; None when nothing is given."""
    if form.typed.get(prefixed(side, "kind")) == NOTHING:
        return None
    kind = form.choice(prefixed(side, "kind"), Kind, asked=GIVEN)
    trigger = form.choice(prefixed(side, "trigger"), Trigger)
    worth = _read_thanks if kind in WITHOUT_MONEY else _read_worth
    terms = OfferTerms(
        side=side,
        kind=kind,
        trigger=trigger,
        minimum_minor=_limit(form, prefixed(side, "minimum"), currency) or 0,
        **worth(form, side, currency),
        **_read_parts(form, side, kind, currency),
        **read_counting(form, side, trigger),
    )
    fields = {f"{side}_{part}": prefixed(side, field) for part, field in _FIELDS.items()}
    form.check(lambda: terms.check(currency), beside=fields)
    form.check(lambda: check_server(g.business.id, terms))
    return terms


def typed_offer(side: Side, offer: Offer | None) -> dict[str, str]:
    if offer is None:
        start = (
            ("account_credit", "first_purchase")
            if side is Side.ADVOCATE
            else ("discount", "signup")
        )
        said = {"kind": start[0], "trigger": start[1]}
    else:
        rate = f"{typed_rate(offer.rate_bp)}%" if offer.rate_bp else ""
        said = {
            "kind": offer.kind,
            "trigger": offer.trigger,
            "worth": rate or typed_amount(offer.amount_minor, offer.currency),
            "cap": typed_amount(offer.cap_minor, offer.currency),
            "person_cap": typed_amount(offer.person_cap_minor, offer.currency),
            "minimum": typed_amount(offer.minimum_minor or None, offer.currency),
            "payout": typed_amount(offer.minimum_payout_minor, offer.currency),
            **typed_counting(offer),
            "words": offer.words or "",
            "own_words": "yes" if offer.own_words else "",
            "periods": str(offer.periods or ""),
            "choose_days": str(offer.choose_within_days or ""),
            **{f"choice_{kind}": "yes" for kind in offer.choices or []},
            "credit_life_days": str(offer.credit_life_days or ""),
            "fulfilment": offer.fulfilled_by or "",
            "discount_days": str(offer.discount_days or ""),
            "discount_minimum": typed_amount(offer.discount_minimum_minor, offer.currency),
            "first_order_only": "yes" if offer.first_order_only else "",
            "instead": offer.fallback_kind or "",
            "instead_days": "" if offer.fallback_days is None else str(offer.fallback_days),
        }
    return {prefixed(side, name): value for name, value in said.items()}


def prefixed(side: str, name: str) -> str:
    """Return the name of a field of one side's offer."""
    return f"{side}_{name}"


def _read_thanks(form: Form, side: Side, currency: str) -> dict[str, Any]:
    """Read a thank-you: its words stand in the place of an amount."""
    asked = "Write the thank-you in your own words."
    return {
        "words": form.text(prefixed(side, "words"), asked=asked, longest=MOST_WORDS),
        "own_words": form.typed.get(prefixed(side, "own_words")) == "yes",
    }


def _read_worth(form: Form, side: Side, currency: str) -> dict[str, Any]:
    """Read an amount or a share, what further friends earn, and the most of it."""
    name = prefixed(side, "worth")
    asked = f"Write an amount such as {example(currency)}, or a share such as 10%."
    is_rate = form.text(name, asked=asked).endswith("%")
    rate_bp = form.rate(name) if is_rate else None
    amount_minor = form.amount(name, currency, asked=False) if not is_rate else None
    if amount_minor == 0:
        form.errors[name] = "Write an amount above zero."
    first = Step(1, amount_minor, rate_bp)
    steps = read_steps(form, side, currency, first) if side is Side.ADVOCATE else ()
    is_readable = name not in form.errors and not has_wrong_step(form, side)
    return {
        "amount_minor": amount_minor,
        "rate_bp": rate_bp,
        "steps": steps if is_readable else (),
        "cap_minor": _limit(form, prefixed(side, "cap"), currency),
        "person_cap_minor": _limit(form, prefixed(side, "person_cap"), currency),
    }


def _read_parts(form: Form, side: Side, kind: Kind, currency: str) -> dict[str, Any]:
    """Read what only some kinds have, of those that may be given."""
    parts: dict[str, Any] = {}
    if kind is Kind.ACCOUNT_CREDIT:
        instead = prefixed(side, "instead")
        parts["fallback_kind"] = form.choice(instead, Kind) if form.typed.get(instead) else None
        parts["fallback_days"] = _days(form, prefixed(side, "instead_days"))
    if kind is Kind.CHOICE:
        ticked = (one for one in CHOOSABLE if form.typed.get(prefixed(side, f"choice_{one}")))
        parts["choices"] = tuple(ticked)
        parts["choose_within_days"] = _days(form, prefixed(side, "choose_days"))
    if kind is Kind.FREE_PERIOD:
        parts["periods"] = form.number(prefixed(side, "periods"))
    if kind is Kind.DISCOUNT:
        least = prefixed(side, "discount_minimum")
        parts["discount_days"] = _days(form, prefixed(side, "discount_days"))
        parts["discount_minimum_minor"] = _limit(form, least, currency)
        parts["first_order_only"] = form.typed.get(prefixed(side, "first_order_only")) == "yes"
    given = (kind, parts.get("fallback_kind"), *parts.get("choices", ()))
    if Kind.GIFT in given:
        parts["fulfilment"] = _read_fulfilment(form, side)
    if Kind.CASH in given:
        parts["minimum_payout_minor"] = _limit(form, prefixed(side, "payout"), currency)
    if Kind.STORE_CREDIT in given:
        parts["credit_life_days"] = _days(form, prefixed(side, "credit_life_days"))
    return parts


def _read_fulfilment(form: Form, side: Side) -> Fulfilment:
    name = prefixed(side, "fulfilment")
    return form.choice(name, Fulfilment) if form.typed.get(name) else Fulfilment.STOCK


def _days(form: Form, name: str) -> int | None:
    """Read a number of days; empty is none."""
    return form.days(name) if form.typed.get(name, "").strip() else None


def _limit(form: Form, name: str, currency: str) -> int | None:
    """Read an amount that bounds something; empty is none."""
    amount_minor = form.amount(name, currency, asked=False)
    if amount_minor == 0:
        form.errors[name] = "Write an amount above zero, or leave it empty."
    return amount_minor or None
