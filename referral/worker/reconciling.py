"""Compares a business with its provider every hour, a piece at a time, and keeps what differs.

First what we granted, person by person; then what was paid and refunded there, which closes gaps
that are older than the provider's events (F-21). A kill repeats one piece and keeps nothing twice.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

import structlog
from sqlalchemy import select

from referral.domain.businesses import Business, across_businesses, within
from referral.domain.reports.reconciliations import (
    EVERY,
    Difference,
    Reconciliation,
    Stage,
    complete,
    count_differences,
    keep_differences,
    last_run,
    lasting_differences,
)
from referral.domain.rewards import Grant, Operation, Reward
from referral.domain.rewards.grants import GrantState
from referral.domain.rewards.operations import NOT_AT_PROVIDER, WITHOUT_AMOUNT
from referral.foundation import clock, due
from referral.foundation.db import session, transaction
from referral.foundation.ids import public_id
from referral.gateways.stripe import Made, StripeAccount
from referral.gateways.stripe.errors import StripeTrouble
from referral.worker.accounts import account_of
from referral.worker.comparing import Found, acts_by_customer, differences, held_for
from referral.worker.gaps import NEXT, look_at_page, take_over

PEOPLE = 10
"""How many people's acts are compared in one piece."""

LONGEST_PIECE = timedelta(minutes=5)
log = structlog.get_logger("referral.worker")


def compare(key: uuid.UUID, token: uuid.UUID) -> None:
    """Compare the next piece; where the provider cannot be asked it waits and says why."""
    run = session.get_one(Reconciliation, key, execution_options=across_businesses())
    with within(run.business_id):
        account = account_of(run.business_id)
        session.commit()
        if account is None:
            with transaction():
                due.finish(run, token, again_at=clock.now() + EVERY)
            return
        with transaction():
            due.hold_on(Reconciliation, key, token, until=clock.now() + LONGEST_PIECE)
            run.began_at = run.began_at or clock.now()
        try:
            if run.stage == Stage.ACTS:
                _compare_people(run, token, account)
            else:
                _compare_page(run, token, account)
        except StripeTrouble as trouble:
            with transaction():
                due.postpone(run, token, at=clock.now(), reason=trouble.said, patient=True)
            log.warning("not_compared", kind=type(trouble).__name__)


def _compare_people(run: Reconciliation, token: uuid.UUID, account: StripeAccount) -> None:
    people = _people_after(run.place)
    whose = public_id(Business.prefix, run.business_id)
    found: list[Found] = []
    compared: list[tuple[list[Grant], dict[str, Made]]] = []
    acts = acts_by_customer(people)
    session.commit()
    for customer, known in acts.items():
        beside, held = held_for(account, customer, known)
        found += differences(beside, held, whose)
        compared.append((beside, held))
    session.commit()
    with transaction():
        for known, held in compared:
            _add_up(run, known, held, whose)
        keep_differences(run, [_difference(one) for one in found])
        if len(people) < PEOPLE:
            run.turn(Stage.INVOICES, None)
        else:
            run.turn(Stage.ACTS, str(people[-1]))
        session.flush()
        due.finish(run, token, again_at=clock.now())


def _compare_page(run: Reconciliation, token: uuid.UUID, account: StripeAccount) -> None:
    page = look_at_page(run, account)
    stage = Stage(run.stage) if page.next else NEXT[Stage(run.stage)]
    with transaction():
        keep_differences(run, page.found)
        if stage is not None:
            run.turn(stage, page.next)
            session.flush()
            due.finish(run, token, again_at=clock.now())
            return
        before = last_run()
        if before is not None:
            keep_differences(run, take_over(run, lasting_differences(before)))
        complete(run, token, at=clock.now())
        number = count_differences(run)
    level = log.warning if number else log.info
    level("compared_with_provider", business=str(run.business_id), differences=number)


def _people_after(place: str | None) -> list[uuid.UUID]:
    """List the next people for whom something was asked of the provider, by their keys."""
    query = (
        select(Reward.person_id)
        .join(Grant, Grant.reward_id == Reward.id)
        .where(Grant.state.in_((GrantState.DONE, GrantState.SENDING)))
        .where(Grant.operation.not_in(NOT_AT_PROVIDER))
        .distinct()
        .order_by(Reward.person_id)
        .limit(PEOPLE)
    )
    if place is not None:
        query = query.where(Reward.person_id > uuid.UUID(place))
    return list(session.scalars(query))


def _add_up(run: Reconciliation, known: list[Grant], held: dict[str, Made], whose: str) -> None:
    """Add what one customer was given; what is under way is in neither sum until it is known."""
    under_way = {one.idempotency_key for one in known if one.state == GrantState.SENDING}
    for grant in known:
        if grant.state == GrantState.DONE and grant.operation not in WITHOUT_AMOUNT:
            run.add(grant.currency, ours_minor=_given_minor(grant), theirs_minor=0)
    for made in held.values():
        is_marked = made.marks.get("wom_business") == whose
        if is_marked and made.currency and made.marks.get("wom_grant") not in under_way:
            run.add(made.currency, ours_minor=0, theirs_minor=made.given_minor)


def _given_minor(grant: Grant) -> int:
    """Return what its person has of an act; below zero when it takes back."""
    return -grant.amount_minor if grant.takes else grant.amount_minor


def _difference(found: Found) -> Difference:
    grant, made = found.grant, found.made
    has_amount = grant is None or grant.operation != Operation.PROMOTION_CODE
    asked = (grant.parameters or {}) if grant else {}
    return Difference(
        kind=found.kind,
        reward=_reward_of(found),
        object_id=made.object_id if made else grant and grant.object_id,
        customer_id=made.customer_id if made else asked.get("customer"),
        ours_minor=_given_minor(grant) if grant and has_amount else None,
        theirs_minor=made.given_minor if made and has_amount else None,
        currency=grant.currency if grant else (made and made.currency) or None,
        at=grant.settled_at if grant else None,
    )


def _reward_of(found: Found) -> str | None:
    if found.grant is not None:
        return public_id(Reward.prefix, found.grant.reward_id)
    marked = found.made.marks.get("wom_reward") if found.made else None
    return marked[:60] if marked else None
