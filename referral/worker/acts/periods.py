"""Time for nothing on a subscription: its end is set to an absolute moment, so twice is once.

Free time that has begun cannot be taken back; what has not, is, as long as it is the last.
"""

from __future__ import annotations

from datetime import datetime

from referral.domain.people import customer_of
from referral.domain.rewards import Grant
from referral.domain.rewards.grants import Asked, Done, NotReady, Waiting, given_by
from referral.foundation import clock
from referral.foundation.intervals import plus
from referral.gateways.stripe import Made, StripeAccount
from referral.gateways.stripe.errors import NotFoundThere
from referral.worker.acts.act import NothingLeft
from referral.worker.marks import mark_of, marks_of


class _Moving:
    """Setting the end of a subscription to the moment that was frozen."""

    def send(self, grant: Grant, account: StripeAccount) -> Done:
        """Set the end; nothing is charged or given back for the days between."""
        asked = grant.parameters or {}
        until = datetime.fromisoformat(asked["until"])
        made = account.extend_subscription(
            asked["subscription"], until, marks=marks_of(grant), key=grant.idempotency_key
        )
        return _done(grant, made)

    def find(self, grant: Grant, account: StripeAccount) -> Done | None:
        """Look whether the last change of the subscription was this one."""
        subscription = (grant.parameters or {})["subscription"]
        found = account.find_extension(subscription, mark_of(grant))
        return _done(grant, found) if found else None


class Extension(_Moving):
    """Give whole periods, counted from the end of what is paid or given already."""

    def ask(self, grant: Grant, account: StripeAccount) -> Asked:
        """Name the running subscription and its new end; without one the person waits."""
        customer = customer_of(grant.reward.person)
        if customer is None:
            raise NotReady(Waiting.NO_CUSTOMER)
        try:
            known = account.subscription_of(customer)
        except NotFoundThere as gone:
            raise NotReady(Waiting.CUSTOMER_GONE) from gone
        if known is None:
            raise NotReady(Waiting.NO_SUBSCRIPTION)
        count = known.interval_count * (grant.reward.offer.periods or 1)
        until = plus(known.ends_at, count, known.interval)
        parameters = {
            "subscription": known.subscription_id,
            "from": known.ends_at.isoformat(),
            "until": until.isoformat(),
        }
        return Asked(customer, parameters=parameters)


class Shortening(_Moving):
    """Take periods back that have not begun; a part of one cannot be."""

    def ask(self, grant: Grant, account: StripeAccount) -> Asked:
        """Name the end without what was given; time that runs already stays given."""
        given = given_by(grant.reward)
        asked = (given.parameters if given else None) or {}
        if given is None or grant.amount_minor < given.amount_minor:
            raise NothingLeft
        begins, ends = (datetime.fromisoformat(asked[name]) for name in ("from", "until"))
        try:
            known = account.subscription(asked["subscription"])
        except NotFoundThere as gone:
            raise NothingLeft from gone
        until = known.ends_at - (ends - begins)
        if known.status != "trialing" or until <= clock.now() or begins <= clock.now():
            raise NothingLeft
        parameters = {"subscription": known.subscription_id, "until": until.isoformat()}
        return Asked(
            asked["customer"],
            left_minor=grant.amount_minor,
            parameters=parameters,
        )


def _done(grant: Grant, made: Made) -> Done:
    """Say what was made; the act is the object, since one subscription is extended many times."""
    asked = grant.parameters or {}
    is_right = made.is_about(mark_of(grant)) and made.details.get("until") == asked["until"]
    return Done(
        object_id=f"{made.object_id}:{grant.public_id}",
        amount_minor=asked["amount"],
        currency=grant.currency,
        recipient=made.customer_id if is_right and made.object_id == asked["subscription"] else "",
        details={"subscription": made.object_id, **made.details},
    )
