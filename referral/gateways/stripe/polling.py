"""Events Stripe could not deliver: where we are in looking for them, business by business (F-20).

Stripe keeps events for thirty days and tries to deliver them for three. What a webhook missed is
found in the list of events, at the latest an hour after the worker is back.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned, StripeConnection, across_businesses
from referral.foundation.db import Key, Model, Moment, UTCDateTime, session
from referral.foundation.due import Due
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once, insert_or_update

EVERY = timedelta(hours=1)
KEPT_BY_STRIPE = timedelta(days=30)
OVERLAP = timedelta(minutes=10)
"""How far each look goes back behind the last: a list may show an event a little late."""


class EventPoll(Owned, Due, Model):
    """One business's place in Stripe's list of events, which goes from the newest to the oldest.

    Everything Stripe made before `seen_until` is kept here. A look that is under way began at
    `began_at` and goes on after the event `page_after`, a page at a time.
    """

    id: Mapped[Key]
    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"), unique=True)
    seen_until: Mapped[Moment]
    looked_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    began_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    page_after: Mapped[str | None] = mapped_column(String(100), default=None)

    def since(self, at: datetime) -> datetime:
        """Return from when on events are to be listed.

        A clock that was ahead left a place that is still to come: the last hour is looked at then.
        """
        seen_until = self.seen_until if self.seen_until <= at else at - EVERY
        return max(seen_until - OVERLAP, at - KEPT_BY_STRIPE)

    def turn_page(self, last_event: str, *, at: datetime) -> None:
        """Go on behind an event with the next look, which is due at once."""
        self.began_at, self.page_after = self.began_at or at, last_event

    def arrive_at_end(self, *, at: datetime) -> None:
        """Note that everything made before this look began is kept here."""
        self.seen_until = self.began_at or at
        self.looked_at, self.began_at, self.page_after = at, None, None

    def start_over(self) -> None:
        """Begin the look again: the event it was to go on behind is not listed any more."""
        self.began_at, self.page_after = None, None


def poll_of(business_id: uuid.UUID) -> EventPoll | None:
    """Return a business's place in the list of events, if it is connected."""
    return session.scalar(select(EventPoll).where(EventPoll.business_id == business_id))


def poll_now(business_id: uuid.UUID, *, at: datetime) -> None:
    """Have missed events looked for at once after connecting anew; a first time missed none."""
    insert_or_update(
        EventPoll,
        _first(business_id, since=at),
        key=("business_id",),
        change={"due_at": at, "dead_at": None, "attempts": 0, "page_after": None, "began_at": None},
        only_where=EventPoll.due_at > at,
    )


def poll_all() -> None:
    """See to it that events of every connected business are looked for, from its connection on."""
    query = (
        select(StripeConnection.business_id, StripeConnection.changed_at)
        .where(StripeConnection.business_id.not_in(select(EventPoll.business_id)))
        .execution_options(**across_businesses())
    )
    for business_id, changed_at in session.execute(query).all():
        insert_once(EventPoll, _first(business_id, since=changed_at))


def _first(business_id: uuid.UUID, *, since: datetime) -> dict[str, object]:
    return {
        "id": new_key(),
        "business_id": business_id,
        "seen_until": since,
        "due_at": since + EVERY,
        "attempts": 0,
    }
