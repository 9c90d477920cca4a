"""How often an offer is given and by which friend: its part of the form, read and filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from referral.domain.programs import Offer, Side, Step, Trigger
from referral.domain.programs.kinds import REPEATED
from referral.surfaces.console.forms import Form
from referral.surfaces.web.amounts import typed_amount, typed_rate

ROWS = 4
"""How many further steps a form offers; one with more of them shows them all."""
EVERY, ONCE = "every", "once"


def read_counting(form: Form, side: Side, trigger: Trigger) -> dict[str, Any]:
    """Read how many times, or which milestone; what the trigger has no use for is left alone."""
    if trigger is Trigger.MILESTONE:
        name = f"{side}_friends"
        friends = form.number(name, asked="Write how many friends, such as 5.")
        is_once = form.typed.get(f"{side}_milestone") == ONCE
        return {"milestone_at" if is_once else "milestone_every": friends}
    if trigger in REPEATED:
        return {"times": form.number(f"{side}_times")}
    return {}


def read_steps(form: Form, side: Side, currency: str, first: Step) -> tuple[Step, ...]:
    """Read what further friends earn, after the first step; none when nothing is filled in."""
    steps = [first]
    for row in rows_of(form.typed, side):
        friends_name, worth_name = f"{side}_step_{row}_friends", f"{side}_step_{row}_worth"
        worth = form.typed.get(worth_name, "").strip()
        if not worth and not form.typed.get(friends_name, "").strip():
            continue
        friends = form.number(friends_name, asked="From which friend on? Write a number such as 5.")
        if worth.endswith("%"):
            steps.append(Step(friends or 0, rate_bp=form.rate(worth_name)))
        else:
            amount = form.amount(worth_name, currency)
            steps.append(Step(friends or 0, amount_minor=amount))
    return tuple(steps) if len(steps) > 1 else ()


def has_wrong_step(form: Form, side: Side) -> bool:
    """Tell whether something is wrong in the fields of the steps."""
    return any(name.startswith(f"{side}_step_") for name in form.errors)


def typed_counting(offer: Offer) -> dict[str, str]:
    """Return how an offer's counting would be typed, by its fields' names without the side."""
    said = {
        "times": str(offer.times or ""),
        "friends": str(offer.milestone_every or offer.milestone_at or ""),
        "milestone": ONCE if offer.milestone_at else EVERY,
    }
    for row, step in enumerate(offer.tiers[1:], 1):
        said[f"step_{row}_friends"] = str(step.friends)
        said[f"step_{row}_worth"] = (
            f"{typed_rate(step.rate_bp)}%"
            if step.rate_bp
            else typed_amount(step.amount_minor, offer.currency)
        )
    return said


def rows_of(typed: Mapping[str, str], side: str) -> range:
    """Return the numbers of the rows for further steps that a form has."""
    last = ROWS
    while f"{side}_step_{last + 1}_friends" in typed and last < 20:
        last += 1
    return range(1, last + 1)
