"""Gifts the business's own server is asked for: prepared, sent with nothing open, then settled.

There is nothing to look up there. Each try is the same request under the same id, which the server
must answer as it did the first time; until an answer settles it the outcome is unknown.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import structlog

from referral.domain.businesses import Role
from referral.domain.businesses.endpoints import (
    GIVEN_UP_AFTER,
    GiftEndpoint,
    endpoint_of,
    give_up,
    note_answer,
    note_fault,
    note_gone,
)
from referral.domain.businesses.team import at_least
from referral.domain.notices import notify_team
from referral.domain.people import lock_person
from referral.domain.rewards import Grant, attempts
from referral.domain.rewards.gift_confirmations import Word, confirm
from referral.domain.rewards.gift_requests import (
    REMIND_AFTER,
    accept,
    hold_requests,
    wake_requests,
    was_accepted,
)
from referral.domain.rewards.grants import Asked, GrantState, NotNeeded, NotReady, Waiting
from referral.foundation import clock, due, failpoints
from referral.foundation.db import transaction
from referral.gateways.hooks import (
    Accepted,
    Busy,
    Fault,
    Gone,
    Misset,
    Trouble,
    Wanted,
    ask_for_gift,
)
from referral.surfaces.web.reach import reach
from referral.worker.claims import come_again, hold_on, postpone

log = structlog.get_logger("referral.worker")
BUSY = timedelta(seconds=1)
LEFT_ALONE = "It met with trouble before and is left alone for a moment."
LONGEST_WISH = timedelta(hours=1)
"""The longest a server may ask us to wait before the next try."""
TOLD = at_least(Role.MANAGER)


def request_gift(grant: Grant, token: uuid.UUID) -> None:
    """Ask for a gift once, unless its server is left alone; raises NotReady and NotNeeded."""
    endpoint = endpoint_of(grant.business_id)
    if endpoint is None or endpoint.gone_at is not None:
        raise NotReady(_waits_for(grant, Waiting.NO_ENDPOINT))
    if endpoint.rests_until is not None and endpoint.is_left_alone(clock.now()):
        waits_for = grant.waits_for or Waiting.ENDPOINT_AWAY
        come_again(grant, token, waits_for, LEFT_ALONE, at=endpoint.rests_until)
        return
    had_faults = endpoint.faults > 0
    try:
        _prepare(grant, token)
        wanted = _wanted(grant, endpoint)
        failpoints.reached("CP1")
        found = ask_for_gift(wanted, at=clock.wall_now(), reach=reach())
        failpoints.reached("CP4")
    except Trouble as trouble:
        _after_trouble(grant, token, wanted, trouble)
    else:
        _settle(grant, token, found)
        if had_faults:
            _well_again(grant.business_id)


def _prepare(grant: Grant, token: uuid.UUID) -> None:
    if grant.state == GrantState.SENDING:
        return
    if grant.state != GrantState.WAITING:
        raise NotNeeded
    with transaction():
        lock_person(grant.reward.person)
        hold_on(grant, token)
        attempts.prepare(grant, Asked(""), at=clock.now())


def _wanted(grant: Grant, endpoint: GiftEndpoint) -> Wanted:
    return Wanted(
        url=endpoint.url,
        secrets=endpoint.secrets_at(clock.now()),
        message_id=grant.idempotency_key,
        asked_at=grant.first_sent_at or clock.now(),
        gift=_gift(grant),
    )


def _gift(grant: Grant) -> dict[str, Any]:
    """Say what is wanted for whom; of a person only what the business itself told us."""
    reward = grant.reward
    person, offer = reward.person, reward.offer
    return {
        "id": grant.public_id,
        "reward": reward.public_id,
        "value": {"amount_minor": grant.amount_minor, "currency": grant.currency},
        "person": {
            "id": person.public_id,
            "external_id": person.external_id,
            "name": person.name,
            "email": person.email,
        },
        "program": {"id": reward.program.public_id, "name": reward.program.name},
        "offer": {"id": offer.public_id, "side": offer.side, "version": offer.version},
    }


def _settle(grant: Grant, token: uuid.UUID, found: Word | Accepted) -> None:
    at = clock.now()
    with transaction():
        hold_on(grant, token)
        if isinstance(found, Accepted):
            accept(grant, at=at)
            due.finish(grant, token, again_at=at + REMIND_AFTER)
        else:
            confirm(grant, found, at=at)
            due.finish(grant, token)
        failpoints.reached("CP5")
    failpoints.reached("CP6")
    said = str(found.verdict) if isinstance(found, Word) else "accepted"
    log.info("gift_answered", grant=grant.public_id, said=said)


def _after_trouble(grant: Grant, token: uuid.UUID, wanted: Wanted, trouble: Trouble) -> None:
    if isinstance(trouble, Busy):
        come_again(grant, token, grant.waits_for, trouble.said, at=clock.now() + BUSY)
        return
    if isinstance(trouble, Gone):
        _stop_asking(grant.business_id, wanted.url)
        waits_for = Waiting.NO_ENDPOINT
    elif isinstance(trouble, (Fault, Misset)):
        waits_for = _leave_alone(grant.business_id, trouble)
    else:
        waits_for = Waiting.ENDPOINT_REFUSES
    if was_accepted(grant):
        soon = clock.now() + REMIND_AFTER
        come_again(grant, token, Waiting.CONFIRMATION, trouble.said, at=soon)
    else:
        postpone(grant, token, waits_for, trouble.said)


def _leave_alone(business_id: uuid.UUID, trouble: Trouble) -> Waiting:
    """Let all gifts wait a while together; the one that met with trouble comes after the others.

    After days of nothing else the server is given up; returns what its gifts wait for.
    """
    at = clock.now()
    wish_s = trouble.after_s if isinstance(trouble, Fault) else None
    at_least = min(timedelta(seconds=wish_s or 0), LONGEST_WISH)
    with transaction():
        until = note_fault(business_id, at_least=at_least, at=at)
        hold_requests(business_id, until=until)
        is_over = give_up(business_id, at=at)
        if is_over:
            _tell_gone(business_id, at=at, days=GIVEN_UP_AFTER.days)
    log.warning("gift_server_left_alone", business=str(business_id), reason=trouble.said)
    if is_over:
        log.warning("gift_server_gone", business=str(business_id), reason=trouble.said)
        return Waiting.NO_ENDPOINT
    return Waiting.ENDPOINT_AWAY if isinstance(trouble, Fault) else Waiting.ENDPOINT_REFUSES


def _well_again(business_id: uuid.UUID) -> None:
    with transaction():
        note_answer(business_id)
        wake_requests(business_id, at=clock.now())
    log.info("gift_server_answers_again", business=str(business_id))


def _stop_asking(business_id: uuid.UUID, url: str) -> None:
    """Ask no more until staff look at it, and tell them by mail (F-46)."""
    at = clock.now()
    with transaction():
        is_news = note_gone(business_id, url, at=at)
        if is_news:
            _tell_gone(business_id, at=at)
    if is_news:
        log.warning("gift_server_gone", business=str(business_id), reason="It answered 410.")


def _tell_gone(business_id: uuid.UUID, *, at: datetime, days: int | None = None) -> None:
    """Tell staff that the server is not asked any more, after how many days of faults."""
    key = f"gift_server_gone:{business_id}:{at.isoformat()}"
    notify_team(
        business_id, "gift_server_gone", roles=TOLD, once_key=key, at=at, said={"days": days}
    )


def _waits_for(grant: Grant, otherwise: Waiting) -> Waiting:
    """What was accepted waits for its confirmation, whatever else there is."""
    return Waiting.CONFIRMATION if was_accepted(grant) else otherwise
