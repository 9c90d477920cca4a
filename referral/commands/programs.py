"""`create-program`: a program with an offer for each side."""

from __future__ import annotations

from typing import Any

import click
from flask.cli import with_appcontext

from referral.commands.businesses import find_business
from referral.commands.offers import (
    OPTIONS,
    Extras,
    read_offer,
    refuse_what_nobody_has,
    trigger_for_friend,
)
from referral.commands.speaking import COMMAND, refusals_in_a_line, show
from referral.domain.businesses import record, within
from referral.domain.programs import (
    Approval,
    Kind,
    Offer,
    ProgramTerms,
    Side,
    TouchRule,
    Trigger,
    check_server,
    create_program,
    publish_offer,
)
from referral.domain.programs.programs import LEAST_EXPIRE, MOST_EXPIRE, ProgramState
from referral.foundation import clock
from referral.foundation.db import transaction

_OFFER = (
    f"KIND:AMOUNT in minor units or KIND:RATE%; KIND is one of: {', '.join(Kind)}."
    " recognition:WORDS has words and no amount; choice:1000:cash,gift names the kinds to choose"
    " from; gift:1000:webhook is given by your own server. Of a free_period the amount is what it"
    " is worth to you; free_period:1000:2 gives two."
)

_BELOW = "Rewards of this amount and more wait for a person, in minor units."
_CAP = "The most one person can get, in minor units,"
_EXPIRE = "How long a reward waits for its person; none: for ever."
_FALLBACK = "KIND or KIND:DAYS that somebody who is no customer gets instead of account credit."
_PAYOUT = "Money is sent once so much has gathered, in minor units."
_SECOND = "Rewards of this amount and more need two people, in minor units."


@click.command("create-program")
@click.option("--business", required=True, help="The business's id, biz_….")
@click.option("--name", required=True)
@click.option("--landing-url", required=True, help="Where friends land.")
@click.option("--advocate-offer", default="", help=_OFFER)
@click.option("--friend-offer", default="", help=_OFFER)
@click.option(
    "--trigger",
    type=click.Choice([one.value for one in Trigger]),
    default=Trigger.FIRST_PURCHASE.value,
)
@click.option(
    "--friend-trigger",
    type=click.Choice([one.value for one in Trigger]),
    help="What the friend's offer is for, if something else.",
)
@click.option(
    "--times",
    type=click.IntRange(1, 999),
    help="At most so many purchases or renewals of a friend.",
)
@click.option("--milestone-every", type=click.IntRange(1), help="Each time so many friends bought.")
@click.option("--milestone-at", type=click.IntRange(1), help="Once, when so many friends bought.")
@click.option("--advocate-tiers", default="", help="FRIENDS:AMOUNT,…, such as 1:1000,5:1500.")
@click.option("--minimum", type=click.IntRange(0, 10**12), help="Least purchase, minor units.")
@click.option("--cap", type=click.IntRange(1, 10**12), help="Most of one reward of a rate.")
@click.option("--friend-times", type=click.IntRange(1, 999), help="The same for the friend.")
@click.option("--friend-minimum", type=click.IntRange(0, 10**12), help="The same for the friend.")
@click.option("--friend-cap", type=click.IntRange(1, 10**12), help="The same for the friend.")
@click.option("--minimum-payout", type=click.IntRange(1, 10**12), help=_PAYOUT)
@click.option(
    "--friend-minimum-payout", type=click.IntRange(1, 10**12), help="The same for the friend."
)
@click.option("--advocate-fallback", default="", help=_FALLBACK)
@click.option("--friend-fallback", default="", help="The same for the friend.")
@click.option("--discount-days", type=click.IntRange(1, 1800), help="How long a code is valid.")
@click.option(
    "--discount-minimum", type=click.IntRange(1, 10**12), help="Smallest order, minor units."
)
@click.option("--first-order-only", is_flag=True, help="No code for who has paid before.")
@click.option("--own-words", is_flag=True, help="Somebody writes each recognition's words.")
@click.option("--currency", default="", help="Of the offers; the business's unless you say so.")
@click.option("--hold-days", type=click.IntRange(0, 365), default=30, show_default=True)
@click.option(
    "--approval",
    type=click.Choice([one.value for one in Approval]),
    default=Approval.AUTOMATIC.value,
)
@click.option(
    "--touch", type=click.Choice([one.value for one in TouchRule]), default=TouchRule.FIRST.value
)
@click.option("--budget", type=click.IntRange(0, 10**15), help="In minor units; none: no limit.")
@click.option("--person-cap", type=click.IntRange(1, 10**12), help="Per advocate, minor units.")
@click.option(
    "--credit-life-days", type=click.IntRange(1, 3650), help="How long store credit lasts."
)
@click.option("--click-window-days", type=click.IntRange(1, 730), default=90, show_default=True)
@click.option("--qualify-window-days", type=click.IntRange(1, 730), default=180, show_default=True)
@click.option("--automatic-below", type=click.IntRange(1, 10**12), help=_BELOW)
@click.option("--second-person-from", type=click.IntRange(1, 10**12), help=_SECOND)
@click.option("--day-cap", type=click.IntRange(1, 10**12), help=f"{_CAP} in a day.")
@click.option("--month-cap", type=click.IntRange(1, 10**12), help=f"{_CAP} in a month.")
@click.option("--household-cap", type=click.IntRange(1, 10**12), help="Per household, minor units.")
@click.option("--expire-days", type=click.IntRange(LEAST_EXPIRE, MOST_EXPIRE), help=_EXPIRE)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def new_program(
    business: str,
    name: str,
    landing_url: str,
    advocate_offer: str,
    friend_offer: str,
    trigger: str,
    friend_trigger: str | None,
    times: int | None,
    milestone_every: int | None,
    milestone_at: int | None,
    advocate_tiers: str,
    minimum: int | None,
    cap: int | None,
    friend_times: int | None,
    friend_minimum: int | None,
    friend_cap: int | None,
    minimum_payout: int | None,
    friend_minimum_payout: int | None,
    advocate_fallback: str,
    friend_fallback: str,
    own_words: bool,
    discount_days: int | None,
    discount_minimum: int | None,
    first_order_only: bool,
    currency: str,
    hold_days: int,
    approval: str,
    touch: str,
    budget: int | None,
    person_cap: int | None,
    credit_life_days: int | None,
    click_window_days: int,
    qualify_window_days: int,
    automatic_below: int | None,
    second_person_from: int | None,
    day_cap: int | None,
    month_cap: int | None,
    household_cap: int | None,
    expire_days: int | None,
    as_json: bool,
) -> None:
    """Create a program with an offer for each side."""
    at = clock.now()
    with refusals_in_a_line(**OPTIONS), transaction():
        owner = find_business(business)
        with within(owner.id):
            terms = ProgramTerms(
                name=name,
                landing_url=landing_url,
                touch_rule=TouchRule(touch),
                approval=Approval(approval),
                hold_days=hold_days,
                click_window_days=click_window_days,
                qualify_window_days=qualify_window_days,
                automatic_below_minor=automatic_below,
                second_person_from_minor=second_person_from,
                day_cap_minor=day_cap,
                month_cap_minor=month_cap,
                household_cap_minor=household_cap,
                expire_days=expire_days,
            )
            program = create_program(
                owner, terms, at=at, budget_minor=budget, currency=currency.lower() or None
            )
            more = Extras(
                times,
                milestone_every,
                milestone_at,
                advocate_tiers,
                minimum,
                cap,
                person_cap,
                credit_life_days,
                advocate_fallback,
                own_words,
                discount_days,
                discount_minimum,
                first_order_only,
                minimum_payout,
            )
            friends = Extras(
                times=friend_times,
                minimum=friend_minimum,
                cap=friend_cap,
                credit_life_days=credit_life_days,
                fallback=friend_fallback,
                own_words=own_words,
                discount_days=discount_days,
                discount_minimum=discount_minimum,
                first_order_only=first_order_only,
                minimum_payout=friend_minimum_payout,
            )
            for_friend = trigger_for_friend(friend_offer, friend_trigger, trigger)
            wanted = [
                read_offer(Side.ADVOCATE, advocate_offer, trigger, extras=more),
                read_offer(Side.FRIEND, friend_offer, for_friend, extras=friends),
            ]
            promised = [one for one in wanted if one is not None]
            refuse_what_nobody_has(more, promised)
            for one in promised:
                check_server(owner.id, one)
            offers = [publish_offer(program, one, at=at) for one in promised]
            record(owner.id, "program.created", subject=program.public_id, actor=COMMAND, at=at)
    show(
        {
            "id": program.public_id,
            "name": program.name,
            "state": ProgramState(program.state).value,
            "landing_url": program.landing_url,
            "currency": program.currency,
            "offers": [_offer(one) for one in offers],
        },
        as_json=as_json,
    )


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "id": offer.public_id,
        "side": offer.side,
        "version": offer.version,
        "trigger": offer.trigger,
        "kind": offer.kind,
        "amount_minor": offer.amount_minor,
        "rate_bp": offer.rate_bp,
        "cap_minor": offer.cap_minor,
        "minimum_minor": offer.minimum_minor,
        "times": offer.times,
        "milestone_every": offer.milestone_every,
        "milestone_at": offer.milestone_at,
        "tiers": [step.as_json() for step in offer.tiers],
        "currency": offer.currency,
        "hold_days": offer.hold_days,
        "periods": offer.periods,
        "words": offer.words,
        "own_words": offer.own_words,
        "choices": offer.choices,
        "minimum_payout_minor": offer.minimum_payout_minor,
        "fulfilment": offer.fulfilled_by,
        "credit_life_days": offer.credit_life_days,
        "discount_days": offer.discount_days,
        "discount_minimum_minor": offer.discount_minimum_minor,
        "first_order_only": offer.first_order_only,
        "fallback_kind": offer.fallback_kind,
        "fallback_days": offer.fallback_days,
    }
