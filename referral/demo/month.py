"""Who did what in the demo's month, and when; each act is a step of the journey."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select

from referral.demo.names import FRIENDS
from referral.demo.shop import CUSTOMER, OLIVE, Story, email_of
from referral.domain import journey
from referral.domain.attribution import Told
from referral.domain.businesses import Actor
from referral.domain.links import Link
from referral.domain.people import Identity, Person
from referral.domain.programs import Kind, Program
from referral.domain.purchases import Claim, Purchase, PurchaseFact, RefundFact
from referral.domain.rewards import Reward, RewardState
from referral.domain.rewards.choosing import choose
from referral.foundation.db import session, transaction
from referral.foundation.ids import key_at

_SENDS_PART_BACK, _SENDS_ALL_BACK = "Karim Aziz", "Clara Jung"
_BUY_SHARE = 0.72

Act = tuple[datetime, Callable[[datetime], object]]


def month(story: Story, links: list[Link]) -> list[Act]:
    """Lay out who did what and when; the dice are loaded, so every demo is alike."""
    dice = story.dice
    acts: list[Act] = []
    for link in links:
        for _ in range(dice.randrange(2, 9)):
            acts.append((story.moment(dice.uniform(1, 28)), partial(_click, story, link)))
    popular = links[:3] * 4 + links
    for name in FRIENDS:
        acts += _friend(story, name, dice.choice(popular), dice.uniform(2, 27))
    acts.append((story.moment(20), partial(_own_link, story)))
    acts.append((story.moment(12), partial(_regular_again, story, links[0])))
    acts.append((story.moment(6), partial(_hold_one, story)))
    acts.append((story.moment(3), partial(_deny_one, story)))
    acts += _workshop_friends(story)
    acts.append((story.moment(7), partial(_approve_one, story)))
    acts.append((story.moment(5), partial(_choose_one, story)))
    return acts


def _friend(story: Story, name: str, link: Link, days_ago: float) -> list[Act]:
    """Bring one friend: they arrive, perhaps sign up, perhaps buy, perhaps send it back."""
    dice = story.dice
    arrived = story.moment(days_ago)
    acts: list[Act] = [(arrived, partial(_arrive_and_join, story, name, link))]
    if dice.random() < _BUY_SHARE:
        paid = arrived + timedelta(hours=dice.uniform(1, 50))
        gross = dice.choice((1490, 2380, 3570, 4760, 5950, 8330))
        acts.append((paid, partial(_buy, story, name, gross)))
        if name in (_SENDS_PART_BACK, _SENDS_ALL_BACK):
            part = gross if name == _SENDS_ALL_BACK else gross // 2
            acts.append((paid + timedelta(days=2), partial(_refund, story, name, part)))
    return [act for act in acts if act[0] < story.today]


def _click(story: Story, link: Link, at: datetime) -> str:
    device = story.dice.choice(("phone", "phone", "phone", "computer", "tablet"))
    host = story.dice.choice((None, None, "l.instagram.com", "www.google.com"))
    hashed = f"demo-{story.dice.randrange(10**9)}"
    visit = journey.Visit(key_at(at), link.code, at, device, host, hashed)
    with transaction():
        places = journey.arrive([visit], over=session.connection())
    return visit.token_at(places[link.code])


def _arrive_and_join(
    story: Story, name: str, link: Link, at: datetime, program: Program | None = None
) -> None:
    token = _click(story, link, at)
    identity = Identity.read(
        email=email_of(name), external_id=f"shop-{next(story.numbers)}", name=name
    )
    later = at + timedelta(minutes=story.dice.randrange(2, 40))
    with transaction():
        told = Told(tokens=(token,))
        journey.join(story.business, program or story.program, identity, told, at=later)


def _buy(story: Story, name: str, gross_minor: int, at: datetime) -> Purchase | None:
    fact = PurchaseFact(
        claim=Claim(email=email_of(name), name=name),
        keys=(f"order-{next(story.numbers)}",),
        gross_minor=gross_minor,
        tax_minor=gross_minor - round(gross_minor / 1.19),
        currency="eur",
        occurred_at=at,
    )
    with transaction():
        return journey.buy(story.business, fact, at=at)


def _refund(story: Story, name: str, amount_minor: int, at: datetime) -> None:
    bought = session.scalar(
        select(Purchase).join(Purchase.person).where(Person.email == email_of(name)).limit(1)
    )
    if bought is None:
        return
    fact = RefundFact(
        keys=(bought.external_id,),
        at=at,
        refund_id=f"refund-{next(story.numbers)}",
        amount_minor=amount_minor,
    )
    with transaction():
        journey.refund(story.business, fact, at=at)


def _own_link(story: Story, at: datetime) -> None:
    """Mallory follows her own link and signs up once more: refused, with the reason."""
    mallory = session.scalars(select(Person).where(Person.email == email_of("Mallory"))).one()
    with transaction():
        link = journey.enroll(mallory, story.program, at=at)
    token = _click(story, link, at)
    with transaction():
        identity = Identity.read(email=mallory.email, name=mallory.name)
        journey.join(story.business, story.program, identity, Told(tokens=(token,)), at=at)


def _regular_again(story: Story, link: Link, at: datetime) -> None:
    """Ned has bought here for years and types a friend's code: he is no new customer."""
    with transaction():
        identity = Identity.read(email=email_of("Ned"))
        journey.join(story.business, story.program, identity, Told(code=link.code), at=at)


def _workshop_friends(story: Story) -> list[Act]:
    """Three friends book a workshop; those rewards wait for Olive's approval."""
    acts: list[Act] = []
    for name, days_ago in (("Ida Voss", 24.0), ("Vera Lang", 22.0), ("Otto Kern", 18.0)):

        def come(at: datetime, name: str = name) -> None:
            alice = session.scalars(select(Person).where(Person.email == CUSTOMER)).one()
            with transaction():
                link = journey.enroll(alice, story.workshops, at=at)
            _arrive_and_join(story, name, link, at, story.workshops)
            _buy(story, name, 14_900, at + timedelta(hours=1))

        acts.append((story.moment(days_ago), come))
    return acts


def _approve_one(story: Story, at: datetime) -> None:
    """Olive approves the first of them once its hold has passed."""
    first = _of_workshops(story)[0]
    with transaction():
        journey.approve_reward(first, actor=OLIVE, reason="Ida enjoyed the workshop.", at=at)


def _choose_one(story: Story, at: datetime) -> None:
    """Alice takes it as credit to spend in the shop."""
    first = _of_workshops(story)[0]
    with transaction():
        choose(
            first, Kind.STORE_CREDIT, None, actor=Actor("person", first.person.shown_name), at=at
        )


def _of_workshops(story: Story) -> list[Reward]:
    query = (
        select(Reward)
        .where(Reward.program_id == story.workshops_id, Reward.purchase_id.is_not(None))
        .order_by(Reward.id)
    )
    return list(session.scalars(query))


def _hold_one(story: Story, at: datetime) -> None:
    """Olive wants to look at one reward before it goes out."""
    for reward in _pending(story)[:1]:
        with transaction():
            journey.hold_reward(
                reward, actor=OLIVE, reason="Two orders to the same address; asking first.", at=at
            )


def _deny_one(story: Story, at: datetime) -> None:
    """Olive denies one, with words the advocate can read."""
    for reward in _pending(story)[1:2]:
        with transaction():
            journey.deny_reward(
                reward, actor=OLIVE, reason="The friend had an account under another name.", at=at
            )


def _pending(story: Story) -> list[Reward]:
    query = (
        select(Reward)
        .where(Reward.state == RewardState.PENDING, Reward.open_holds == 0)
        .where(Reward.program_id == story.program.id, Reward.purchase_id.is_not(None))
        .order_by(Reward.id.desc())
    )
    return list(session.scalars(query))
