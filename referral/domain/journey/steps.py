"""The steps in order: somebody arrives, joins, is known, buys, gets money back, and is thanked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from referral.domain.attribution import Reason, Referral, Signup, Told, referrals_of_friend, settle
from referral.domain.businesses import Business
from referral.domain.businesses.audit import SYSTEM
from referral.domain.journey.recognising import claimed, meet_named
from referral.domain.journey.thanking import (
    apply_refunds,
    hold_disputed,
    hold_the_disputed,
    know_customer,
    rewards_for,
    thank,
    thank_since,
    wake,
)
from referral.domain.links import Link, give_link, has_link_in, read_token
from referral.domain.notices import notify
from referral.domain.people import Identity, Person, lock_person
from referral.domain.programs import Program
from referral.domain.programs.programs import ProgramNotOpen
from referral.domain.purchases import (
    CameBack,
    Claim,
    CustomerFact,
    DisputeFact,
    DisputeOutcome,
    Purchase,
    PurchaseFact,
    RefundFact,
    payer_of,
    record_dispute,
    record_purchase,
    record_refund,
)
from referral.domain.rewards import Reward, earn_by_signup, release_holds, returning
from referral.domain.rewards.lapsing import look_at_codes_of
from referral.domain.rewards.moving import lock
from referral.foundation.db import session

OLD_NEWS = timedelta(days=1)
"""Of a signup that is told later than this nobody is sent a mail."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A signup with its decision; `is_new` is False when it had been decided before."""

    person: Person
    signup: Signup
    is_new: bool

    @property
    def referral(self) -> Referral | None:
        return self.signup.referral


def enroll(person: Person, program: Program, *, at: datetime) -> Link:
    """Give a person their link in a program; repeating it returns the same one.

    A program that is not open gives nobody a new one: raises ProgramNotOpen.
    """
    if not program.is_open and not has_link_in(program, person):
        raise ProgramNotOpen
    return give_link(person, program, at=at)


def introduce(business: Business, identity: Identity, *, at: datetime) -> tuple[Person, bool]:
    """Meet somebody the business calls its customer; the flag says whether they were new to us."""
    person, is_new = meet_named(business.id, identity, at=at)
    know_customer(person, at, at=at)
    return person, is_new


def join(
    business: Business,
    program: Program,
    identity: Identity,
    told: Told,
    *,
    at: datetime,
    occurred_at: datetime | None = None,
) -> Joined:
    """Sign somebody up: meet them, weigh all evidence once, freeze what was promised.

    The person is kept whatever the decision; what they paid since the winning touch counts. Where
    it is told late, `occurred_at` is when they did, and all is weighed as of then.
    """
    person, _ = meet_named(business.id, identity, at=at)
    return _join(person, program, told, at=at, occurred_at=min(occurred_at or at, at))


def tell_customer(business: Business, fact: CustomerFact, *, at: datetime) -> Person | None:
    """Learn who a customer at the provider is; None when nothing identifies them.

    A token that came with them is a signup if there was none before.
    """
    person = claimed(business, fact.claim, at=at)
    if person is not None:
        if fact.known_since is not None:
            know_customer(person, fact.known_since, at=at)
        _join_by_token(person, fact.claim, at=at)
    return person


def buy(business: Business, fact: PurchaseFact, *, at: datetime) -> Purchase | None:
    """Record what somebody paid and thank whoever sent them; None when nobody is named.

    A token that came with the payment is a signup if there was none before. What is told again
    stays whose it was told of first, whoever else is named now.
    """
    person = claimed(business, fact.claim, at=at)
    if person is None:
        return None
    payer = payer_of(business.id, fact.keys) or person
    lock_person(payer)
    _join_by_token(person, fact.claim, at=at)
    purchase, is_new = record_purchase(payer, fact, at=at)
    if is_new:
        know_customer(purchase.person, purchase.occurred_at, at=at)
        thank(referrals_of_friend(purchase.person), [purchase], at=at)
        look_at_codes_of(purchase.person, at=at)
    return purchase


def refund(business: Business, fact: RefundFact, *, at: datetime) -> Purchase:
    """Record money that went back, or failed to, and take its share of every reward back.

    Raises UnknownPurchase when the purchase has not arrived yet.
    """
    purchase = record_refund(business.id, fact)
    apply_refunds(purchase, at=at)
    return purchase


def come_back(fact: CameBack, *, at: datetime) -> Reward | None:
    """Learn that what was given has failed at the provider; see `rewards.returning`."""
    begun = returning.come_back(fact, at=at)
    if begun is not None:
        hold_the_disputed(begun, at=at)
    return begun


def dispute(business: Business, fact: DisputeFact, *, at: datetime) -> Purchase:
    """Hold the rewards of a disputed purchase; a lost dispute takes them back, a won frees them.

    Raises UnknownPurchase when the purchase has not arrived yet.
    """
    purchase, known = record_dispute(business.id, fact)
    cause = f"dispute:{known.external_id}"
    for reward in rewards_for(purchase):
        lock(reward)
        if known.outcome == DisputeOutcome.OPEN:
            hold_disputed(reward, cause, at=at)
        elif known.outcome != DisputeOutcome.OPEN and reward.is_held:
            release_holds(
                reward, reason=f"Dispute {known.outcome}.", actor=SYSTEM, at=at, cause=cause
            )
            wake(reward, at=at)
    apply_refunds(purchase, at=at)
    return purchase


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
            _join(person, link.program, Told(tokens=(text,)), at=at, occurred_at=at)


def _join(
    person: Person, program: Program, told: Told, *, at: datetime, occurred_at: datetime
) -> Joined:
    lock_person(person)
    signup, is_new = settle(person, program, told, at=at, occurred_at=occurred_at)
    if is_new:
        know_customer(person, occurred_at, at=at)
        if signup.reason == Reason.CREDITED and signup.referral is not None:
            earn_by_signup(signup.referral, at=at)
            thank_since(person, at=at)
            if at - occurred_at < OLD_NEWS:
                _tell_advocate(signup.referral, at=at)
    return Joined(person, signup, is_new)


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
