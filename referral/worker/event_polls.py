"""Looks in Stripe's list for events that did not reach us, a page at a time (F-20, F-56)."""

from __future__ import annotations

import json
import uuid

import structlog

from referral.domain.businesses import across_businesses, connection_of, within
from referral.foundation import clock, due
from referral.foundation.db import session, transaction
from referral.gateways.stripe import EventPage, EventPoll, keep
from referral.gateways.stripe.errors import NotFoundThere, StripeTrouble
from referral.gateways.stripe.polling import EVERY
from referral.worker.accounts import account_of

log = structlog.get_logger("referral.worker")


def look(key: uuid.UUID, token: uuid.UUID) -> None:
    """Keep one page of a business's events; those that came by webhook are kept already."""
    poll = session.get_one(EventPoll, key, execution_options=across_businesses())
    at = clock.now()
    with within(poll.business_id):
        account, since, after = account_of(poll.business_id), poll.since(at), poll.page_after
        session.commit()
        if account is None:
            with transaction():
                due.finish(poll, token, again_at=at + EVERY)
            return
        try:
            page = account.events(since, after=after)
        except NotFoundThere as gone:
            _give_up_page(poll, token, gone)
        except StripeTrouble as trouble:
            _try_later(poll, token, trouble)
        else:
            _keep(poll, token, page)


def _keep(poll: EventPoll, token: uuid.UUID, page: EventPage) -> None:
    at = clock.now()
    with transaction():
        connection = connection_of(poll.business_id)
        is_live = connection is not None and connection.is_live
        missed = sum(
            keep(
                poll.business_id,
                event_id=event["id"],
                type=event["type"],
                is_live=bool(event.get("livemode")),
                payload=json.dumps(event),
                at=at,
                is_ours=bool(event.get("livemode")) == is_live,
            )
            for event in page.events
        )
        if page.has_more:
            poll.turn_page(page.events[-1]["id"], at=at)
        else:
            poll.arrive_at_end(at=at)
        session.flush()
        due.finish(poll, token, again_at=at if page.has_more else at + EVERY)
    if missed:
        log.warning("missed_events_found", business=str(poll.business_id), events=missed)


def _give_up_page(poll: EventPoll, token: uuid.UUID, gone: NotFoundThere) -> None:
    """Begin again where a page goes on behind an event that Stripe has forgotten meanwhile."""
    with transaction():
        poll.start_over()
        session.flush()
        due.postpone(poll, token, at=clock.now(), reason=gone.said, patient=True)


def _try_later(poll: EventPoll, token: uuid.UUID, trouble: StripeTrouble) -> None:
    log.warning("events_not_looked_for", kind=type(trouble).__name__)
    with transaction():
        due.postpone(poll, token, at=clock.now(), reason=trouble.said, patient=True)
