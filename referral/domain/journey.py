"""The product in order: somebody arrives, joins, buys, gets money back, and is thanked.

Every step may run twice and in any order with the others: the end is the same. Surfaces and the
worker open the transaction; nothing here sees a request or a socket.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from referral.domain.attribution import Reason, Referral, Signup, Told, referrals_of_friend, settle
from referral.domain.businesses import Actor, Business, record
from referral.domain.businesses.audit import SYSTEM
from referral.domain.links import (
    Link,
    NewClick,
    Token,
    give_link,
    make_token,
    read_token,
    record_clicks,
)
from referral.domain.notices import notify
from referral.domain.people import (
    Identity,
    Person,
    find_person,
    know_since,
    lock_person,
    meet,
    person_of_customer,
    tie_customer,
)
from referral.domain.people.merging import absorb, is_anonymous, name
from referral.domain.people.people import IdentityConflict
from referral.domain.programs import Program
from referral.domain.purchases import (
    Claim,
    CustomerFact,
    DisputeFact,
    DisputeOutcome,
    Purchase,
    PurchaseFact,
    RefundFact,
    open_disputes,
    purchases_of,
    reassign,
    record_dispute,
    record_purchase,
    record_refund,
)
from referral.domain.rewards import (
    Reward,
    RewardState,
    approve,
    claw_back,
    deny,
    earn_by_purchase,
    earn_by_signup,
    place_hold,
    release_holds,
)
from referral.domain.rewards.earning import is_existing_customer, retract
from referral.domain.rewards.grants import wake_grants
from referral.domain.rewards.holds import HOLDABLE, HoldKind, NothingHeld
from referral.domain.rewards.rewards import lock
from referral.domain.rewards.ripening import make_due
from referral.foundation.clock import to_second
from referral.foundation.db import session
from referral.foundation.ids import key_at


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of somebody who follows a link; the address is hashed already."""

    device: str
    referrer_host: str | None
    address_hash: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """One human visit through a link, with the token it was given."""

    business_id: uuid.UUID
    token: str
    visit: Visit
    at: datetime

    @property
    def click(self) -> NewClick:
        """Return the click to record; raises ValueError for a token we did not sign."""
        followed = read_token(self.token)
        if followed is None:
            raise ValueError("a visit is recorded with a token of our own")
        return {
            "id": followed.click_id,
            "business_id": self.business_id,
            "link_id": followed.link_id,
            "at": self.at,
            "device": self.visit.device,
            "referrer_host": self.visit.referrer_host,
            "address_hash": self.visit.address_hash,
        }


@dataclass(frozen=True, slots=True)
class Joined:
    """A signup with its decision; `is_new` is False when it had been decided before."""

    person: Person
    signup: Signup
    is_new: bool

    @property
    def referral(self) -> Referral | None:
        return self.signup.referral


def token_for(link_id: uuid.UUID, *, at: datetime) -> str:
    """Return a fresh signed token for a visit through a link; it needs no database."""
    return make_token(Token(link_id, key_at(at)))


def arrive(business_id: uuid.UUID, token: str, visit: Visit, *, at: datetime) -> None:
    """Record the human visit a token was made for, in one statement."""
    arrive_together([Arrival(business_id, token, visit, at)])


def arrive_together(arrivals: Sequence[Arrival]) -> None:
    """Record many human visits in one statement; each belongs to the business of its link."""
    record_clicks([arrival.click for arrival in arrivals])


def enroll(person: Person, program: Program, *, at: datetime) -> Link:
    """Give a person their link in a programme; repeating it returns the same one."""
    return give_link(person, program, at=at)


def introduce(business: Business, identity: Identity, *, at: datetime) -> tuple[Person, bool]:
    """Meet somebody the business calls its customer; the flag says whether they were new to us."""
    is_new = find_person(business.id, identity) is None
    person = meet(business.id, identity, at=at)
    _know_customer(person, at, at=at)
    person = _tie(person, identity.stripe_customer_id, at=at)
    return person, is_new


def join(
    business: Business, program: Program, identity: Identity, told: Told, *, at: datetime
) -> Joined:
    """Sign somebody up: meet them, weigh all evidence once, freeze what was promised.

    The person is kept whatever the decision; what they paid since the winning touch counts.
    """
    person = _meet(business.id, identity, at=at)
    person = _tie(person, identity.stripe_customer_id, at=at)
    return _join(person, program, told, at=at)


def tell_customer(business: Business, fact: CustomerFact, *, at: datetime) -> Person | None:
    """Learn who a customer at the provider is; None when nothing identifies them.

    A token that came with them is a signup if there was none before.
    """
    person = _claimed(business, fact.claim, at=at)
    if person is not None:
        if fact.known_since is not None:
            _know_customer(person, fact.known_since, at=at)
        _join_by_token(person, fact.claim, at=at)
    return person


def buy(business: Business, fact: PurchaseFact, *, at: datetime) -> Purchase | None:
    """Record what somebody paid and thank whoever sent them; None when nobody is named.

    A token that came with the payment is a signup if there was none before.
    """
    person = _claimed(business, fact.claim, at=at)
    if person is None:
        return None
    lock_person(person)
    _join_by_token(person, fact.claim, at=at)
    purchase, is_new = record_purchase(person, fact, at=at)
    if is_new:
        _know_customer(person, fact.occurred_at, at=at)
        _thank(referrals_of_friend(person), [purchase], at=at)
    return purchase


def refund(business: Business, fact: RefundFact, *, at: datetime) -> Purchase:
    """Record money that went back, or failed to, and take its share of every reward back.

    Raises UnknownPurchase when the purchase has not arrived yet.
    """
    purchase = record_refund(business.id, fact)
    _apply_refunds(purchase, at=at)
    return purchase


def dispute(business: Business, fact: DisputeFact, *, at: datetime) -> Purchase:
    """Hold the rewards of a disputed purchase; a lost dispute takes them back, a won frees them.

    Raises UnknownPurchase when the purchase has not arrived yet.
    """
    purchase, known = record_dispute(business.id, fact)
    cause = f"dispute:{known.external_id}"
    for reward in _rewards_for(purchase):
        lock(reward)
        if known.outcome == DisputeOutcome.OPEN:
            _hold_disputed(reward, cause, at=at)
        elif known.outcome != DisputeOutcome.OPEN and reward.is_held:
            release_holds(
                reward, reason=f"Dispute {known.outcome}.", actor=SYSTEM, at=at, cause=cause
            )
            _wake(reward, at=at)
    _apply_refunds(purchase, at=at)
    return purchase


def approve_reward(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> None:
    """Approve a pending reward as a member of staff; the grant begins at once."""
    approve(reward, actor=actor, reason=reason, at=at)
    _write_down(reward, "reward.approved", actor=actor, reason=reason, at=at)


def deny_reward(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> None:
    """Deny a reward that is not granted yet, with a reason people can read."""
    deny(reward, actor=actor, reason=reason, at=at)
    _write_down(reward, "reward.denied", actor=actor, reason=reason, at=at)


def hold_reward(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> None:
    """Hold a reward until somebody releases it; raises RewardMoved once its grant has begun."""
    lock(reward)
    place_hold(reward, HoldKind.STAFF, reason=reason, actor=actor, at=at)
    _write_down(reward, "reward.held", actor=actor, reason=reason, at=at)


def release_reward(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> None:
    """Release every hold on a reward, which then goes on its way; raises NothingHeld."""
    lock(reward)
    if release_holds(reward, reason=reason, actor=actor, at=at) == 0:
        raise NothingHeld
    _wake(reward, at=at)
    _write_down(reward, "reward.released", actor=actor, reason=reason, at=at)


def _meet(business_id: uuid.UUID, identity: Identity, *, at: datetime) -> Person:
    """Find the person by what the caller says, else by their customer, else make them."""
    if find_person(business_id, identity) is None and identity.stripe_customer_id:
        known = person_of_customer(business_id, identity.stripe_customer_id)
        if known is not None and is_anonymous(known):
            return name(known, identity)
    return meet(business_id, identity, at=at)


def _tie(person: Person, customer_id: str | None, *, at: datetime) -> Person:
    """Tie a customer to a person; a nameless person of that customer turns out to be the same."""
    if customer_id is None:
        return person
    known = person_of_customer(person.business_id, customer_id)
    if known is None:
        tie_customer(person, customer_id, at=at)
        wake_grants(person.id, at=at)
    elif known.id != person.id and _is_nobody_else(known):
        reassign(known, person)
        absorb(known, into=person)
        _retract(person, at=at)
        _thank_since(person, at=at)
        wake_grants(person.id, at=at)
    return person


def _know_customer(person: Person, since: datetime, *, at: datetime) -> None:
    """Note since when somebody is a customer; what they earned somebody as a new one ends."""
    know_since(person, since)
    _retract(person, at=at)


def _retract(person: Person, *, at: datetime) -> None:
    for referral in referrals_of_friend(person):
        if is_existing_customer(referral):
            retract(referral, at=at)


def _is_nobody_else(known: Person) -> bool:
    """Tell whether a nameless customer has no referral of their own, so that they can be merged.

    Locks them first: what they pay at this moment is theirs before it is looked for.
    """
    lock_person(known)
    return is_anonymous(known) and not referrals_of_friend(known)


def _claimed(business: Business, claim: Claim, *, at: datetime) -> Person | None:
    """Find or meet who a provider says somebody is: their customer first, then what names them."""
    known = person_of_customer(business.id, claim.customer_id) if claim.customer_id else None
    if claim.external_id or claim.email:
        identity = Identity.read(external_id=claim.external_id, email=claim.email, name=claim.name)
        if known is None or is_anonymous(known):
            return _tie(
                _meet_claimed(business.id, identity, known, at=at), claim.customer_id, at=at
            )
    if known is not None or claim.customer_id is None:
        return known
    nameless = Person(business_id=business.id, name=claim.name, first_seen_at=at)
    with session.begin_nested():
        session.add(nameless)
        session.flush()
    return (
        nameless
        if tie_customer(nameless, claim.customer_id, at=at)
        else _lost(business, claim, nameless)
    )


def _meet_claimed(
    business_id: uuid.UUID, identity: Identity, known: Person | None, *, at: datetime
) -> Person:
    """Find or meet who was named; the business's own id outweighs an address somebody typed."""
    try:
        found = find_person(business_id, identity)
    except IdentityConflict:
        identity = replace(identity, email=None)
        found = find_person(business_id, identity)
    if found is None and known is not None:
        return name(known, identity)
    return found or meet(business_id, identity, at=at)


def _lost(business: Business, claim: Claim, nameless: Person) -> Person | None:
    """Another worker met this customer in the same moment: theirs stays."""
    session.delete(nameless)
    session.flush()
    return person_of_customer(business.id, claim.customer_id or "")


def _join_by_token(person: Person, claim: Claim, *, at: datetime) -> None:
    """Take the token of a payment as a signup, unless the friend is referred there already."""
    taken = {referral.program_id for referral in referrals_of_friend(person)}
    for text in claim.tokens:
        token = read_token(text)
        link = (
            session.scalar(
                select(Link).where(Link.id == token.link_id).options(joinedload(Link.program))
            )
            if token
            else None
        )
        if link is not None and link.program_id not in taken:
            _join(person, link.program, Told(tokens=(text,)), at=at)


def _join(person: Person, program: Program, told: Told, *, at: datetime) -> Joined:
    lock_person(person)
    signup, is_new = settle(person, program, told, at=at)
    if is_new:
        know_since(person, at)
        if signup.reason == Reason.CREDITED and signup.referral is not None:
            earn_by_signup(signup.referral, at=at)
            _thank_since(person, at=at)
            _tell_advocate(signup.referral, at=at)
    return Joined(person, signup, is_new)


def _thank_since(person: Person, *, at: datetime) -> None:
    """Judge what a friend paid before we knew who sent them, from the winning touch on."""
    referrals = referrals_of_friend(person)
    if referrals:
        since = to_second(min(referral.touch.at for referral in referrals))
        _thank(referrals, purchases_of(person, since=since), at=at)


def _thank(referrals: Sequence[Referral], purchases: Sequence[Purchase], *, at: datetime) -> None:
    for referral in sorted(referrals, key=lambda one: one.program_id):
        for purchase in purchases:
            if earn_by_purchase(referral, purchase, at=at):
                _catch_up(purchase, at=at)


def _catch_up(purchase: Purchase, *, at: datetime) -> None:
    """Apply to fresh rewards what had happened to their purchase before they were earned."""
    if purchase.refunded_minor:
        claw_back(purchase, at=at)
    _hold_while_disputed(purchase, _rewards_for(purchase), at=at)


def _apply_refunds(purchase: Purchase, *, at: datetime) -> None:
    """Bring rewards in line with what was refunded; a dispute holds those that begin anew too."""
    begun = claw_back(purchase, at=at)
    if begun:
        _hold_while_disputed(purchase, begun, at=at)


def _hold_while_disputed(purchase: Purchase, rewards: Sequence[Reward], *, at: datetime) -> None:
    for known in open_disputes(purchase):
        for reward in rewards:
            _hold_disputed(reward, f"dispute:{known.external_id}", at=at)


def _tell_advocate(referral: Referral, *, at: datetime) -> None:
    advocate = referral.advocate
    if advocate.email:
        notify(
            referral.business_id,
            "friend_joined",
            to=advocate.email,
            once_key=f"friend_joined:{referral.id}",
            at=at,
            said={"friend": referral.friend.first_name, "referral": referral.public_id},
        )


def _rewards_for(purchase: Purchase) -> Sequence[Reward]:
    query = select(Reward).where(Reward.purchase_id == purchase.id)
    return session.scalars(query.order_by(Reward.program_id, Reward.id)).all()


def _hold_disputed(reward: Reward, cause: str, *, at: datetime) -> None:
    if reward.state in HOLDABLE:
        place_hold(
            reward,
            HoldKind.DISPUTE,
            reason="The customer's bank disputes the payment.",
            actor=SYSTEM,
            at=at,
            cause=cause,
        )


def _wake(reward: Reward, *, at: datetime) -> None:
    """Have a released reward looked at again, and its waiting grant tried."""
    if reward.state == RewardState.PENDING:
        make_due(reward, at=at)
    wake_grants(reward.person_id, at=at)


def _write_down(reward: Reward, action: str, *, actor: Actor, reason: str, at: datetime) -> None:
    record(
        reward.business_id,
        action,
        subject=reward.public_id,
        actor=actor,
        at=at,
        details={"reason": reason, "state": reward.state},
    )
