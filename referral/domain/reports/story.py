"""Everything that happened to one person, in one line of time by pages; no words are made here."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import aliased, joinedload

from referral.domain.attribution import Referral, Signup
from referral.domain.links import Click, Link
from referral.domain.people import Person, StripeCustomer
from referral.domain.purchases import Dispute, Purchase, Refund
from referral.domain.rewards import Grant, Hold, HoldRelease, Reward, RewardMove
from referral.foundation.db import session
from referral.foundation.money import Money

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])
PAGE = 50
_NO_KEY = uuid.UUID(int=0)
SINGLE_VISITS = 20
"""So many of the newest visits are told one by one, since a popular link has thousands."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened: its kind, the public id it leads to, and what is known of it.

    Of one kind and moment the greater `key` comes first, on whatever page it is told.
    """

    at: datetime
    kind: str
    subject: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    key: uuid.UUID = _NO_KEY


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: at a moment, past so many things of it that were told before."""

    at: datetime
    told: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """A page of what happened, the newest first, and where the next one begins, if any does."""

    happenings: list[Happening]
    next: Place | None


@dataclass(frozen=True, slots=True)
class _Window:
    """What of each kind is told on a page: the newest ones from a place on."""

    place: Place | None

    def newest(self, query: Query, moment: Any, key: Any) -> Query:
        """Select what of a query lies in here; one more than a page, to see whether it goes on."""
        most = PAGE + 1
        if self.place is not None:
            query = query.where(moment <= self.place.at)
            most += self.place.told
        return query.order_by(moment.desc(), key.desc()).limit(most)

    def cut(self, told: list[Happening]) -> list[Happening]:
        """Return what of a sorted list lies in here."""
        if self.place is None:
            return told
        return [one for one in told if one.at <= self.place.at][self.place.told :]


def story_of(person: Person, *, place: Place | None = None) -> Story:
    """Tell a page of what happened to a person; what is of one moment stays on one if it fits.

    The tellers stand in the order in which things follow from each other, so that of one moment
    what followed comes first. Each is one query.
    """
    tellers = (
        _meeting, _links, _visits, _signups, _friends, _purchases, _refunds, _disputes,
        _grants, _moves, _holds,
    )  # fmt: skip
    window = _Window(place)
    told = [
        (one.at, rank, one.key, one)
        for rank, teller in enumerate(tellers)
        for one in teller(person, window)
    ]
    told.sort(key=lambda line: line[:3], reverse=True)
    found = window.cut([one for *_, one in told])
    if len(found) <= PAGE:
        return Story(found, None)
    following = found[PAGE].at
    shown = [one for one in found[:PAGE] if one.at > following]
    if shown:
        return Story(shown, Place(following))
    before = place.told if place is not None and place.at == following else 0
    return Story(found[:PAGE], Place(following, before + PAGE))


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


def _meeting(person: Person, window: _Window) -> Iterator[Happening]:
    if person.known_since is not None:
        yield Happening(person.known_since, "customer")
    yield Happening(person.first_seen_at, "met")


def _links(person: Person, window: _Window) -> Iterator[Happening]:
    query = select(Link).where(Link.person_id == person.id).options(joinedload(Link.program))
    for link in session.scalars(window.newest(query, Link.created_at, Link.id)):
        facts = {"code": link.spoken_code, "program": link.program.name}
        yield Happening(link.created_at, "link", facts=facts, key=link.id)


def _visits(person: Person, window: _Window) -> Iterator[Happening]:
    """Tell single visits of the newest, on whatever page they belong."""
    query = (
        select(Click)
        .join(Link, Link.id == Click.link_id)
        .where(Link.person_id == person.id)
        .order_by(Click.id.desc())
        .limit(SINGLE_VISITS)
    )
    for click in session.scalars(query):
        facts = {"device": click.device, "from": click.referrer_host}
        yield Happening(click.at, "visit", facts=facts, key=click.id)


def _signups(person: Person, window: _Window) -> Iterator[Happening]:
    advocate = aliased(Person)
    query = (
        select(Signup, advocate)
        .outerjoin(Referral, Referral.id == Signup.referral_id)
        .outerjoin(advocate, advocate.id == Referral.advocate_id)
        .where(Signup.person_id == person.id)
        .options(joinedload(Signup.program))
    )
    for signup, sent_by in session.execute(window.newest(query, Signup.at, Signup.id)):
        facts = {
            "outcome": signup.outcome,
            "reason": signup.reason,
            "program": signup.program.name,
            "advocate": sent_by.shown_name if sent_by else None,
        }
        yield Happening(signup.at, "signup", signup.public_id, facts, signup.id)


def _friends(person: Person, window: _Window) -> Iterator[Happening]:
    query = (
        select(Referral)
        .where(Referral.advocate_id == person.id)
        .options(joinedload(Referral.friend), joinedload(Referral.program))
    )
    for referral in session.scalars(window.newest(query, Referral.at, Referral.id)):
        facts = {"friend": referral.friend.shown_name, "program": referral.program.name}
        yield Happening(referral.at, "friend", referral.public_id, facts, referral.id)


def _purchases(person: Person, window: _Window) -> Iterator[Happening]:
    query = select(Purchase).where(Purchase.person_id == person.id)
    for bought in session.scalars(window.newest(query, Purchase.occurred_at, Purchase.id)):
        facts = {
            "external_id": bought.external_id,
            "gross": Money(bought.gross_minor, bought.currency),
            "base": Money(bought.base_minor, bought.currency),
        }
        yield Happening(bought.occurred_at, "purchase", facts=facts, key=bought.id)


def _refunds(person: Person, window: _Window) -> Iterator[Happening]:
    query = (
        select(Refund, Purchase)
        .join(Purchase, Purchase.id == Refund.purchase_id)
        .where(Purchase.person_id == person.id)
    )
    for refund, bought in session.execute(window.newest(query, Refund.at, Refund.id)):
        facts = {
            "amount": Money(refund.amount_minor, bought.currency),
            "has_failed": refund.has_failed,
            "external_id": bought.external_id,
        }
        yield Happening(refund.at, "refund", facts=facts, key=refund.id)


def _disputes(person: Person, window: _Window) -> Iterator[Happening]:
    query = (
        select(Dispute, Purchase)
        .join(Purchase, Purchase.id == Dispute.purchase_id)
        .where(Purchase.person_id == person.id)
    )
    for dispute, bought in session.execute(window.newest(query, Dispute.at, Dispute.id)):
        facts = {"outcome": dispute.outcome, "external_id": bought.external_id}
        yield Happening(dispute.at, "dispute", facts=facts, key=dispute.id)


def _moves(person: Person, window: _Window) -> Iterator[Happening]:
    query = (
        select(RewardMove, Reward)
        .join(Reward, Reward.id == RewardMove.reward_id)
        .where(Reward.person_id == person.id)
        .options(joinedload(Reward.referral).joinedload(Referral.friend), joinedload(Reward.offer))
    )
    newest = window.newest(query, RewardMove.at, RewardMove.id)
    for step, reward in session.execute(newest):
        yield Happening(step.at, "move", reward.public_id, _of(reward, step), step.id)


def _of(reward: Reward, step: RewardMove) -> dict[str, Any]:
    return {
        "state": step.to_state,
        "reason": step.reason,
        "by": step.actor_name if step.actor_kind != "system" else None,
        "reward": reward,
        "side": reward.side,
        "friend": reward.referral.friend.shown_name,
    }


def _holds(person: Person, window: _Window) -> Iterator[Happening]:
    query = (
        select(Hold, HoldRelease, Reward)
        .join(Reward, Reward.id == Hold.reward_id)
        .outerjoin(HoldRelease, HoldRelease.hold_id == Hold.id)
        .where(Reward.person_id == person.id)
    )
    ended = HoldRelease.at if window.place is None else _until(HoldRelease.at, window.place.at)
    newest = window.newest(query, func.coalesce(ended, Hold.at), Hold.id)
    for hold, release, reward in session.execute(newest):
        facts = {"kind": hold.kind, "reason": hold.reason, "by": hold.actor_name}
        yield Happening(hold.at, "hold", reward.public_id, facts, hold.id)
        if release is not None:
            facts = {"reason": release.reason, "by": release.actor_name}
            yield Happening(release.at, "release", reward.public_id, facts, hold.id)


def _until(moment: Any, end: datetime) -> Any:
    """Return a moment where it lies no later than another, else nothing."""
    return case((moment <= end, moment))


def _grants(person: Person, window: _Window) -> Iterator[Happening]:
    query = (
        select(Grant, Reward)
        .join(Reward, Reward.id == Grant.reward_id)
        .where(Reward.person_id == person.id, Grant.settled_at.is_not(None))
    )
    for grant, reward in session.execute(window.newest(query, Grant.settled_at, Grant.id)):
        facts = {
            "operation": grant.operation,
            "state": grant.state,
            "amount": Money(grant.amount_minor, grant.currency) if grant.amount_minor else None,
            "object_id": grant.found_as,
        }
        if grant.settled_at is not None:
            yield Happening(grant.settled_at, "grant", reward.public_id, facts, grant.id)
