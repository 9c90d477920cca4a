"""What a story came to, in words that do not depend on the order things were told in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from referral.domain.attribution import Referral
from referral.domain.businesses import within
from referral.domain.people import Person
from referral.domain.people.customers import StripeCustomer
from referral.domain.purchases import Purchase
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.ledger import LedgerAccount
from referral.foundation.db import session
from tests.stories.trade import Trade, balance_of

_TAKEN_BACK = {"cancelled": "taken back", "reversed": "taken back"}


def books_of(trade: Trade) -> dict[str, Any]:
    """Read who came, what they paid, what is owed and given, here and at Stripe."""
    session.remove()
    with within(trade.shop.business.id):
        names = {str(one.id): one.email or "nameless" for one in session.scalars(select(Person))}
        books = {
            "people": sorted(names.values()),
            "referrals": sorted(
                (names[str(one.advocate_id)], names[str(one.friend_id)])
                for one in session.scalars(select(Referral))
            ),
            "purchases": sorted(
                (
                    names[str(one.person_id)],
                    one.gross_minor,
                    one.base_minor,
                    one.currency,
                    one.refunded_minor,
                )
                for one in session.scalars(select(Purchase))
            ),
            "rewards": sorted(_reward(one, names) for one in session.scalars(select(Reward))),
            "ledger": sorted(
                (one.name, names.get(one.holder, ""), one.balance_minor)
                for one in session.scalars(select(LedgerAccount))
                if one.balance_minor
            ),
            "at_stripe": sorted(pair for pair in _net(trade, names).items() if pair[1]),
        }
    session.remove()
    return books


def assert_one_object_each(trade: Trade) -> None:
    """Check that each finished change of a balance has one object at Stripe, and no other is."""
    session.remove()
    with within(trade.shop.business.id):
        customers = set(session.scalars(select(StripeCustomer.customer_id)))
        grants = session.scalars(select(Grant).where(Grant.operation.in_(("credit", "debit"))))
        done = {
            one.idempotency_key: (one.object_id, _signed(one))
            for one in grants
            if one.state == "done"
        }
    session.remove()
    found = [
        (entry["metadata"]["wom_grant"], (entry["id"], entry["amount"]))
        for customer in sorted(customers)
        for entry in balance_of(trade.practice, customer)
        if entry["metadata"].get("wom_business") == trade.business_id
    ]
    assert sorted(found) == sorted(done.items())


def grants_of(trade: Trade) -> list[tuple[str, str, str | None]]:
    """List the acts outside: what, how far, and what they wait for."""
    session.remove()
    with within(trade.shop.business.id):
        found = [
            (one.operation, one.state, one.waits_for)
            for one in session.scalars(select(Grant).order_by(Grant.id))
        ]
    session.remove()
    return found


def _reward(reward: Reward, names: dict[str, str]) -> tuple[Any, ...]:
    return (
        reward.side,
        names[str(reward.person_id)],
        reward.kind,
        reward.amount_minor,
        reward.amount_minor - reward.clawback_minor,
        _TAKEN_BACK.get(reward.state, reward.state),
        reward.open_holds,
    )


def _net(trade: Trade, names: dict[str, str]) -> dict[str, int]:
    ties = session.execute(select(StripeCustomer.customer_id, StripeCustomer.person_id)).all()
    net: dict[str, int] = {}
    for customer, person_id in ties:
        for entry in balance_of(trade.practice, customer):
            if entry["metadata"].get("wom_business") == trade.business_id:
                name = names[str(person_id)]
                net[name] = net.get(name, 0) + entry["amount"]
    return net


def _signed(grant: Grant) -> int:
    return -grant.amount_minor if grant.operation == "credit" else grant.amount_minor
