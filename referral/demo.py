"""The demo: a month in the life of a small business, told only through the journey.

It seeds an empty database in development, says who may sign in, and connects practice Stripe.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from flask import current_app
from sqlalchemy import delete, select

from referral.domain import journey
from referral.domain.attribution import Told
from referral.domain.businesses import (
    Actor,
    Business,
    Operator,
    Role,
    StripeConnection,
    across_businesses,
    connect_stripe,
    create_business,
    invite,
    issue_key,
    within,
)
from referral.domain.businesses.keys import KeyKind
from referral.domain.links import Link
from referral.domain.notices import Notice
from referral.domain.people import Identity, Person
from referral.domain.programs import (
    Approval,
    Kind,
    OfferTerms,
    Program,
    ProgramTerms,
    Side,
    Trigger,
    create_program,
    publish_offer,
)
from referral.domain.purchases import Claim, Purchase, PurchaseFact, RefundFact
from referral.domain.rewards import Reward, RewardState
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.surfaces.web.settings import public_url
from referral.worker import work_all
from referral.worker.accounts import account_of

NAME = "Corner Coffee"
SLUG = "corner-coffee"
_BEING_TOLD = "corner-coffee-being-told"
OWNER = "olive@cornercoffee.example"
PASSWORD = "good coffee takes time"
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # The demo's public authenticator secret.
PRACTICE_KEY = "sk_test_practice_demo_key"
CUSTOMER = "alice@mail.example"
OLIVE = Actor("operator", "Olive Marsh")

ADVOCATES = (
    "Alice Winter",
    "Tomas Lind",
    "Priya Nair",
    "Jonas Weber",
    "Mei Tanaka",
    "Sofia Rossi",
    "Daniel Okafor",
    "Hannah Brandt",
    "Lucas Moreau",
    "Ines Carvalho",
    "Peter Novak",
    "Amara Diallo",
    "Greta Holm",
    "Samuel Katz",
    "Leila Haddad",
    "Oscar Nyberg",
    "Ruth Fischer",
    "Victor Blanc",
)
FRIENDS = (
    "Bob Hartley",
    "Nora Jensen",
    "Karim Aziz",
    "Elena Petrova",
    "Max Huber",
    "Chloe Martin",
    "Yusuf Demir",
    "Anna Kowalska",
    "Felix Braun",
    "Julia Santos",
    "Omar Farouk",
    "Lea Schmid",
    "Ivan Horvat",
    "Clara Jung",
    "Noah Peeters",
    "Zoe Laurent",
    "Marta Silva",
    "Erik Dahl",
    "Aisha Khan",
    "Paul Becker",
    "Livia Conti",
    "Tim Vogel",
    "Sara Nilsson",
    "Hugo Lefevre",
    "Maja Novotna",
    "Ben Carter",
    "Emma Larsen",
    "Adam Nowak",
    "Rosa Garcia",
    "Finn Olsen",
    "Nina Wolf",
    "David Cohen",
    "Lina Berg",
    "Marco Bianchi",
    "Iris Bakker",
    "Jan Dvorak",
    "Laura Meyer",
    "Theo Simon",
)
LOYAL = ("Mallory Quick", "Ned Barker", "Wilma Stone", "Carl Jansen")


_SENDS_PART_BACK, _SENDS_ALL_BACK = "Karim Aziz", "Clara Jung"
_BUY_SHARE = 0.72


@dataclass
class Story:
    """The business while its month is told. The worker drops what was loaded, so it is reloaded."""

    business_id: uuid.UUID
    program_id: uuid.UUID
    workshops_id: uuid.UUID
    dice: random.Random
    today: datetime
    numbers: count[int] = field(default_factory=lambda: count(1001))

    @property
    def business(self) -> Business:
        return session.get_one(Business, self.business_id)

    @property
    def program(self) -> Program:
        return session.get_one(Program, self.program_id)

    @property
    def workshops(self) -> Program:
        return session.get_one(Program, self.workshops_id)

    def moment(self, days_ago: float) -> datetime:
        """Return a moment so many days ago, in shop hours."""
        day = self.today - timedelta(days=days_ago)
        return day.replace(hour=9, minute=0) + timedelta(minutes=self.dice.randrange(600))


def is_half_told() -> bool:
    """Tell whether an earlier telling was interrupted."""
    return session.scalar(select(Business.id).where(Business.slug == _BEING_TOLD)) is not None


def is_empty() -> bool:
    """Tell whether there is no business yet."""
    return session.scalar(select(Business.id).limit(1)) is None


def tell() -> None:
    """Tell the whole month, the worker doing its part at the end of each day."""
    now = clock.now()
    story = _open_shop(now - timedelta(days=30), now)
    with within(story.business.id):
        links = [_customer(story, name, days_ago=29) for name in ADVOCATES]
        for name in LOYAL:
            _customer(story, name, days_ago=28)
        acts = sorted(_month(story, links), key=lambda act: act[0])
        day = acts[0][0].date()
        for at, act in acts:
            if at.date() > day:
                _close_day(at)
                day = at.date()
            act(at)
        _close_day(now)
        with transaction():
            session.execute(delete(Notice))
            story.business.slug = SLUG


def connect_hooks(practice_url: str) -> None:
    """Have practice Stripe send its events to this server."""
    if not practice_url:
        return
    from tools.practice_stripe import PracticeStripe

    query = select(StripeConnection).where(StripeConnection.is_practice)
    for connection in session.scalars(query.execution_options(**across_businesses())).all():
        business = session.get_one(Business, connection.business_id)
        hook = public_url(f"/hooks/stripe/{business.public_id}")
        PracticeStripe(practice_url).register_webhook(hook, connection.webhook_secret)


def greeting(practice_url: str) -> str:
    """Return the few lines a newcomer sees: where to look and how to sign in."""
    business = session.scalar(select(Business).where(Business.name == NAME).limit(1))
    lines = ["", "  Referral is running. Press Ctrl-C to end it.", ""]
    if business is not None:
        lines += [
            f"  Console   {public_url('/console')}",
            f"            {OWNER}  ·  password: {PASSWORD}",
            f"            one-time code: {public_url('/dev/outbox')}",
            f"  Portal    {public_url('/portal/' + business.slug)}",
            f"            sign in as {CUSTOMER}",
            f"  Mail      {public_url('/dev/outbox')}  (everything the demo sends lands here)",
        ]
    else:
        lines += [f"  Console   {public_url('/console')}"]
    if practice_url:
        lines += [f"  Stripe    {practice_url}  (practice Stripe: no real money moves)"]
    return "\n".join([*lines, f"  API       {public_url('/api/docs')}", ""])


def _open_shop(at: datetime, today: datetime) -> Story:
    from referral.domain.businesses.credentials import set_up_operator

    settings = current_app.extensions["settings"]
    own_key = settings.stripe_secret_key.get_secret_value()
    with transaction():
        business = create_business(
            NAME, site_url="https://cornercoffee.example/", currency="eur", at=at
        )
        business.slug = _BEING_TOLD
        with within(business.id):
            olive = invite(business.id, OWNER, role=Role.OWNER, name="Olive Marsh", at=at)
            set_up_operator(olive, password=PASSWORD, totp_secret=TOTP, at=at)
            issue_key(business.id, KeyKind.SECRET, name="Shop server", at=at)
            issue_key(business.id, KeyKind.PUBLISHABLE, name="Website widget", at=at)
            connect_stripe(
                business.id,
                secret_key=own_key or PRACTICE_KEY,
                webhook_secret=settings.stripe_webhook_secret.get_secret_value()
                or "whsec_practice",
                at=at,
                is_practice=not own_key,
            )
            program = _program(business, "Bring a friend", Approval.AUTOMATIC, 1000, at)
            workshops = _program(business, "Barista workshops", Approval.STAFF, 2500, at)
    dice = random.Random(7)  # noqa: S311
    return Story(business.id, program.id, workshops.id, dice, today)


def _program(
    business: Business, name: str, approval: Approval, credit_minor: int, at: datetime
) -> Program:
    page = name.lower().replace(" ", "-")
    terms = ProgramTerms(
        name=name,
        landing_url=f"https://cornercoffee.example/{page}",
        approval=approval,
        hold_days=14,
    )
    program = create_program(business, terms, at=at, budget_minor=200_000)
    for side, kind, trigger, amount, rate in (
        (Side.ADVOCATE, Kind.ACCOUNT_CREDIT, Trigger.FIRST_PURCHASE, credit_minor, None),
        (Side.FRIEND, Kind.DISCOUNT, Trigger.SIGNUP, None, 2000),
    ):
        publish_offer(program, OfferTerms(side, kind, trigger, amount, rate), at=at)
    return program


def _customer(story: Story, name: str, *, days_ago: float) -> Link:
    """Introduce a regular, with a customer at Stripe and a link in the main programme."""
    email = f"{name.split(maxsplit=1)[0].lower()}@mail.example"
    account = account_of(story.business.id)
    customer = (
        account.make_customer(
            email=email, name=name, marks={}, key=f"demo:{story.today:%s}:{email}"
        )
        if account
        else None
    )
    at = story.moment(days_ago)
    identity = Identity.read(
        email=email,
        external_id=f"shop-{next(story.numbers)}",
        stripe_customer_id=customer,
        name=name,
    )
    with transaction():
        person, _ = journey.introduce(story.business, identity, at=at)
        return journey.enroll(person, story.program, at=at)


Act = tuple[datetime, Callable[[datetime], object]]


def _month(story: Story, links: list[Link]) -> list[Act]:
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
    token = journey.token_for(link.id, at=at)
    device = story.dice.choice(("phone", "phone", "phone", "computer", "tablet"))
    host = story.dice.choice((None, None, "l.instagram.com", "www.google.com"))
    visit = journey.Visit(device, host, f"demo-{story.dice.randrange(10**9)}")
    with transaction():
        journey.arrive(story.business.id, token, visit, at=at)
    return token


def _arrive_and_join(
    story: Story, name: str, link: Link, at: datetime, program: Program | None = None
) -> None:
    token = _click(story, link, at)
    identity = Identity.read(
        email=_email(name), external_id=f"shop-{next(story.numbers)}", name=name
    )
    later = at + timedelta(minutes=story.dice.randrange(2, 40))
    with transaction():
        told = Told(tokens=(token,))
        journey.join(story.business, program or story.program, identity, told, at=later)


def _buy(story: Story, name: str, gross_minor: int, at: datetime) -> Purchase | None:
    fact = PurchaseFact(
        claim=Claim(email=_email(name), name=name),
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
        select(Purchase).join(Purchase.person).where(Person.email == _email(name)).limit(1)
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
    mallory = session.scalars(select(Person).where(Person.email == _email("Mallory"))).one()
    with transaction():
        link = journey.enroll(mallory, story.program, at=at)
    token = _click(story, link, at)
    with transaction():
        identity = Identity.read(email=mallory.email, name=mallory.name)
        journey.join(story.business, story.program, identity, Told(tokens=(token,)), at=at)


def _regular_again(story: Story, link: Link, at: datetime) -> None:
    """Ned has bought here for years and types a friend's code: he is no new customer."""
    with transaction():
        identity = Identity.read(email=_email("Ned"))
        journey.join(story.business, story.program, identity, Told(code=link.code), at=at)


def _workshop_friends(story: Story) -> list[Act]:
    """Two friends book a workshop; those rewards wait for Olive's approval."""
    acts: list[Act] = []
    for name, days_ago in (("Vera Lang", 22.0), ("Otto Kern", 18.0)):

        def come(at: datetime, name: str = name) -> None:
            alice = session.scalars(select(Person).where(Person.email == CUSTOMER)).one()
            with transaction():
                link = journey.enroll(alice, story.workshops, at=at)
            _arrive_and_join(story, name, link, at, story.workshops)
            _buy(story, name, 14_900, at + timedelta(hours=1))

        acts.append((story.moment(days_ago), come))
    return acts


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


def _close_day(moment: datetime) -> None:
    """Let the worker do what was due by then, on a calendar set back to that day."""
    with transaction():
        session.execute(delete(Notice))
    clock.shift(int((moment - clock.wall_now()).total_seconds()))
    try:
        work_all()
    finally:
        clock.shift(0)


def _email(name: str) -> str:
    return f"{name.split(maxsplit=1)[0].lower()}@mail.example"


def owner() -> Operator | None:
    """Return the demo's operator, if the demo was told."""
    return session.scalar(select(Operator).where(Operator.email == OWNER))
