"""Everything that happened to one person, in one line of time; words are not made here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload

from referral.domain.attribution import Referral, Signup
from referral.domain.links import Click, Link
from referral.domain.people import Person, StripeCustomer
from referral.domain.purchases import Dispute, Purchase, Refund
from referral.domain.rewards import Grant, Hold, HoldRelease, Reward, RewardMove
from referral.foundation.db import session
from referral.foundation.money import Money

MOST = 100


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: its kind, the public id it leads to, and what is known of it."""

    at: datetime
    kind: str
    subject: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def story_of(person: Person) -> list[Happening]:
    """List what happened to a person, the newest first; of each kind the newest hundred.

    The tellers stand in the order in which things follow from each other, so that of one moment
    what followed comes first.
    """
    tellers = (
        _meeting, _links, _visits, _signups, _friends, _purchases, _refunds, _disputes,
        _grants, _moves, _holds,
    )  # fmt: skip
    told = [one for teller in reversed(tellers) for one in teller(person)]
    return sorted(told, key=lambda one: one.at, reverse=True)


def links_of(person: Person) -> list[tuple[Link, int]]:
    """List a person's links with how often each was followed."""
    query = (
        select(Link, func.count(Click.id))
        .outerjoin(Click, Click.link_id == Link.id)
        .where(Link.person_id == person.id)
        .options(joinedload(Link.program))
        .group_by(Link.id)
        .order_by(Link.id)
    )
    return [(link, clicks) for link, clicks in session.execute(query)]


def customers_of(person: Person) -> list[StripeCustomer]:
    """List the customers at Stripe a person is tied to."""
    query = select(StripeCustomer).where(StripeCustomer.person_id == person.id)
    return list(session.scalars(query.order_by(StripeCustomer.id)))


def _meeting(person: Person) -> Iterator[Happening]:
    if person.known_since is not None:
        yield Happening(person.known_since, "customer")
    yield Happening(person.first_seen_at, "met")


def _links(person: Person) -> Iterator[Happening]:
    query = select(Link).where(Link.person_id == person.id).options(joinedload(Link.program))
    for link in session.scalars(query.order_by(Link.id.desc()).limit(MOST)):
        facts = {"code": link.spoken_code, "program": link.program.name}
        yield Happening(link.created_at, "link", facts=facts)


def _visits(person: Person) -> Iterator[Happening]:
    """Tell single visits of the newest, since a popular link has thousands."""
    query = (
        select(Click)
        .join(Link, Link.id == Click.link_id)
        .where(Link.person_id == person.id)
        .order_by(Click.id.desc())
        .limit(20)
    )
    for click in session.scalars(query):
        facts = {"device": click.device, "from": click.referrer_host}
        yield Happening(click.at, "visit", facts=facts)


def _signups(person: Person) -> Iterator[Happening]:
    advocate = aliased(Person)
    query = (
        select(Signup, advocate)
        .outerjoin(Referral, Referral.id == Signup.referral_id)
        .outerjoin(advocate, advocate.id == Referral.advocate_id)
        .where(Signup.person_id == person.id)
        .options(joinedload(Signup.program))
        .order_by(Signup.id.desc())
        .limit(MOST)
    )
    for signup, sent_by in session.execute(query):
        facts = {
            "outcome": signup.outcome,
            "reason": signup.reason,
            "program": signup.program.name,
            "advocate": sent_by.shown_name if sent_by else None,
        }
        yield Happening(signup.at, "signup", signup.public_id, facts)


def _friends(person: Person) -> Iterator[Happening]:
    query = (
        select(Referral)
        .where(Referral.advocate_id == person.id)
        .options(joinedload(Referral.friend), joinedload(Referral.program))
        .order_by(Referral.id.desc())
        .limit(MOST)
    )
    for referral in session.scalars(query):
        facts = {"friend": referral.friend.shown_name, "program": referral.program.name}
        yield Happening(referral.at, "friend", referral.public_id, facts)


def _purchases(person: Person) -> Iterator[Happening]:
    query = select(Purchase).where(Purchase.person_id == person.id)
    for bought in session.scalars(query.order_by(Purchase.id.desc()).limit(MOST)):
        facts = {
            "external_id": bought.external_id,
            "gross": Money(bought.gross_minor, bought.currency),
            "base": Money(bought.base_minor, bought.currency),
        }
        yield Happening(bought.occurred_at, "purchase", facts=facts)


def _refunds(person: Person) -> Iterator[Happening]:
    query = (
        select(Refund, Purchase)
        .join(Purchase, Purchase.id == Refund.purchase_id)
        .where(Purchase.person_id == person.id)
        .order_by(Refund.id.desc())
        .limit(MOST)
    )
    for refund, bought in session.execute(query):
        facts = {
            "amount": Money(refund.amount_minor, bought.currency),
            "has_failed": refund.has_failed,
            "external_id": bought.external_id,
        }
        yield Happening(refund.at, "refund", facts=facts)


def _disputes(person: Person) -> Iterator[Happening]:
    query = (
        select(Dispute, Purchase)
        .join(Purchase, Purchase.id == Dispute.purchase_id)
        .where(Purchase.person_id == person.id)
        .order_by(Dispute.id.desc())
        .limit(MOST)
    )
    for dispute, bought in session.execute(query):
        facts = {"outcome": dispute.outcome, "external_id": bought.external_id}
        yield Happening(dispute.at, "dispute", facts=facts)


def _moves(person: Person) -> Iterator[Happening]:
    query = (
        select(RewardMove, Reward)
        .join(Reward, Reward.id == RewardMove.reward_id)
        .where(Reward.person_id == person.id)
        .options(joinedload(Reward.referral).joinedload(Referral.friend))
        .order_by(RewardMove.id.desc())
        .limit(MOST)
    )
    for step, reward in session.execute(query):
        yield Happening(step.at, "move", reward.public_id, _of(reward, step))


def _of(reward: Reward, step: RewardMove) -> dict[str, Any]:
    return {
        "state": step.to_state,
        "reason": step.reason,
        "by": step.actor_name if step.actor_kind != "system" else None,
        "reward": reward,
        "side": reward.side,
        "friend": reward.referral.friend.shown_name,
    }


def _holds(person: Person) -> Iterator[Happening]:
    query = (
        select(Hold, HoldRelease, Reward)
        .join(Reward, Reward.id == Hold.reward_id)
        .outerjoin(HoldRelease, HoldRelease.hold_id == Hold.id)
        .where(Reward.person_id == person.id)
        .order_by(Hold.id.desc())
        .limit(MOST)
    )
    for hold, release, reward in session.execute(query):
        facts = {"kind": hold.kind, "reason": hold.reason, "by": hold.actor_name}
        yield Happening(hold.at, "hold", reward.public_id, facts)
        if release is not None:
            facts = {"reason": release.reason, "by": release.actor_name}
            yield Happening(release.at, "release", reward.public_id, facts)


def _grants(person: Person) -> Iterator[Happening]:
    query = (
        select(Grant, Reward)
        .join(Reward, Reward.id == Grant.reward_id)
        .where(Reward.person_id == person.id, Grant.settled_at.is_not(None))
        .order_by(Grant.id.desc())
        .limit(MOST)
    )
    for grant, reward in session.execute(query):
        facts = {
            "operation": grant.operation,
            "state": grant.state,
            "amount": Money(grant.amount_minor, grant.currency) if grant.amount_minor else None,
            "object_id": grant.found_as,
        }
        if grant.settled_at is not None:
            yield Happening(grant.settled_at, "grant", reward.public_id, facts)
