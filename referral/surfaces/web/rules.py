"""A program's rules in words: who approves, and how much anybody can get."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from referral.domain.programs import Approval, Offer, Program, Side
from referral.domain.rewards.limits import (
    BUDGET_REACHED,
    CAP_REACHED,
    DAY_CAP_REACHED,
    HOUSEHOLD_CAP_REACHED,
    MONTH_CAP_REACHED,
    Reached,
    budget_holds,
)
from referral.surfaces.web.words import money, plain_day

_FOR_A_TIME = {DAY_CAP_REACHED: "today", MONTH_CAP_REACHED: "this month"}
_FOR_GOOD = {CAP_REACHED: "one person", HOUSEHOLD_CAP_REACHED: "one household"}


def approval_words(program: Program) -> str:
    """Say who approves a reward, by its amount."""
    below, second = program.automatic_below_minor, program.second_person_from_minor
    if program.approval == Approval.STAFF:
        said = "By somebody on the team"
    elif below is not None:
        said = (
            f"Automatic below {money(below, program.currency)}, from there by somebody on the team"
        )
    else:
        said = "Automatic, when the hold has passed"
    if second is None:
        return said
    return f"{said}; from {money(second, program.currency)} by two people"


def caps_words(program: Program) -> list[tuple[str, str]]:
    """List the caps a program has beside its offers', each with its name."""
    caps = (
        ("For one person a day", program.day_cap_minor),
        ("For one person a month", program.month_cap_minor),
        ("For one household", program.household_cap_minor),
    )
    return [(name, f"At most {money(cap, program.currency)}") for name, cap in caps if cap]


def limit_words(limit: Reached, program: Program) -> str:
    """Tell an advocate before they share that a limit is reached, and from when it is not."""
    if limit.reason == BUDGET_REACHED:
        return (
            "This program has given all it could for now. You can still recommend, "
            "but if a friend comes today, you may not get a thank-you for it."
        )
    most = money(limit.cap_minor or 0, program.currency)
    if limit.reason in _FOR_A_TIME and limit.opens_at is not None:
        again = limit.opens_at.astimezone(ZoneInfo(program.business.time_zone)).date()
        return (
            f"One more thank-you would pass what one person can get {_FOR_A_TIME[limit.reason]}, "
            f"{most}. What friends do from {plain_day(again)} counts again."
        )
    return (
        f"One more thank-you would pass what {_FOR_GOOD[limit.reason]} can get here, {most}. "
        "Your friends are still welcome, but nothing more is added for you."
    )


def newcomer_cautions(
    program: Program, offers: Mapping[Side, Offer], *, is_invited: bool
) -> list[str]:
    """Tell somebody nobody has met yet that the budget holds no more welcome, or no thank-you."""
    said = []
    friend, advocate = offers.get(Side.FRIEND), offers.get(Side.ADVOCATE)
    if is_invited and friend and not budget_holds(program, friend):
        said.append("This program has given all it could for now, so you may not get the welcome.")
    if advocate and not budget_holds(program, advocate):
        said.append(
            "This program has given all it could for now. You can recommend, "
            "but there may be no thank-you for it at present."
        )
    return said
