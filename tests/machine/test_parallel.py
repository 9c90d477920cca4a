"""Many workers at once, on real databases: limits hold, nothing permitted is lost, no deadlock."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count

import pytest
from flask import Flask
from sqlalchemy import func, select

from referral.domain import journey
from referral.domain.attribution import Told
from referral.domain.businesses import Actor, Business, across_businesses, within
from referral.domain.people import Identity, meet
from referral.domain.programs import Program, Side, Trigger
from referral.domain.purchases import Claim, CustomerFact, PurchaseFact, RefundFact
from referral.domain.rewards import Reward, RewardState, ripen
from referral.domain.rewards.holds import NothingHeld
from referral.domain.rewards.moving import RewardHeld, RewardMoved
from referral.foundation.db import session, transaction
from tests.cast import Shop, credit, open_shop
from tests.machine.threads import at_once, while_open

OLIVE = Actor("operator", "Olive")
WORKERS, TRIES = 8, 5
pytestmark = pytest.mark.usefixtures("audited")
_keys = count(1)


def refer(shop: Shop, friend: str, *, advocate: str = "alice") -> None:
    token = shop.click(shop.link_of(shop.customer(advocate)))
    shop.later(seconds=1).signup(friend, token=token)


def paid(name: str, shop: Shop, *, gross_minor: int = 12000, key: str = "") -> PurchaseFact:
    claim = Claim(email=f"{name}@mail.example")
    at = shop.now
    return PurchaseFact(claim, (key or f"in_p{next(_keys)}",), gross_minor, 2000, "eur", at)


def here(shop: Shop) -> Shop:
    """Return the shop as this thread's own session knows it."""
    with within(shop.business.id):
        business = session.get_one(Business, shop.business.id)
        return replace(shop, business=business, program=session.get_one(Program, shop.program.id))


def buy(shop: Shop, fact: PurchaseFact) -> str:
    """Let somebody pay; returns the purchase's own id at the provider."""
    with within(shop.business.id), transaction():
        bought = journey.buy(shop.business, fact, at=shop.now)
        assert bought is not None
        return bought.external_id


def sign_up(shop: Shop, token: str) -> journey.Joined:
    return here(shop).signup("bob", token=token)


def counted(state: RewardState, reason: str | None = None) -> int:
    query = select(func.count()).where(Reward.state == state, Reward.side == Side.ADVOCATE)
    if reason:
        query = query.where(Reward.reason == reason)
    return int(session.scalar(query.execution_options(**across_businesses())) or 0)


def rewards_of(shop: Shop) -> list[Reward]:
    session.rollback()
    with within(shop.business.id):
        return list(session.scalars(select(Reward).order_by(Reward.id)))


def test_a_budget_is_spent_to_the_last_and_not_beyond(app: Flask) -> None:
    shop = open_shop(advocate=credit(100, trigger=Trigger.PURCHASE), budget_minor=2400)
    for number in range(WORKERS):
        refer(shop, f"friend{number}")
    shop.later(days=1)

    def work(number: int) -> None:
        for _ in range(TRIES):
            buy(shop, paid(f"friend{number}", shop))

    assert at_once(app, [partial(work, number) for number in range(WORKERS)]) == []
    assert counted(RewardState.PENDING) == 24
    assert counted(RewardState.CANCELLED, "budget_reached") == WORKERS * TRIES - 24
    session.expire_all()
    with within(shop.business.id):
        program = session.get_one(Program, shop.program.id, populate_existing=True)
    assert program.committed_minor == 2400


def test_a_cap_is_reached_exactly_by_many_friends_at_once(app: Flask) -> None:
    terms = credit(100, trigger=Trigger.PURCHASE, person_cap_minor=1200)
    shop = open_shop(advocate=terms)
    for number in range(WORKERS):
        refer(shop, f"friend{number}")
    shop.later(days=1)
    acts = [
        partial(buy, shop, paid(f"friend{number % WORKERS}", shop)) for number in range(WORKERS * 2)
    ]
    assert at_once(app, acts) == []
    assert counted(RewardState.PENDING) == 12
    assert counted(RewardState.CANCELLED, "cap_reached") == 4


def test_one_event_told_many_times_at_once_counts_once(app: Flask) -> None:
    shop = open_shop(advocate=credit(100, trigger=Trigger.PURCHASE))
    refer(shop, "bob")
    fact = paid("bob", shop.later(days=1), key="in_same")
    assert at_once(app, [partial(buy, shop, fact) for _ in range(WORKERS)]) == []
    assert counted(RewardState.PENDING) == 1


def test_one_signup_told_many_times_at_once_is_one_referral(app: Flask) -> None:
    shop = open_shop()
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=1)
    found: list[object] = []

    def join() -> None:
        joined = sign_up(shop, token)
        assert joined.referral is not None
        found.append((joined.person.id, joined.referral.id, joined.signup.id))

    assert at_once(app, [join] * 16) == []
    assert len(set(found)) == 1


def test_everything_at_once_never_stands_still_and_adds_up(app: Flask) -> None:
    """F-31, F-33."""
    shop = open_shop(
        advocate=credit(100, trigger=Trigger.PURCHASE),
        friend=credit(50, side=Side.FRIEND, trigger=Trigger.PURCHASE),
        budget_minor=100_000,
        hold_days=0,
    )
    for number in range(4):
        refer(shop, f"friend{number}")
        refer(shop, f"other{number}", advocate="anna")
    shop.later(days=1)
    names = [f"{kind}{number}" for kind in ("friend", "other") for number in range(4)]
    bought = [buy(shop, paid(name, shop)) for name in names for _ in range(2)]
    standing = [one.id for one in rewards_of(shop)]
    acts = [
        *(partial(buy, shop, paid(name, shop)) for name in names[:4]),
        *(partial(refund_all, shop, bought[number::3]) for number in range(3)),
        *(partial(handle_all, shop, standing[number::3]) for number in range(3)),
    ]
    assert at_once(app, acts) == []
    rest = {one.clawback_minor for one in rewards_of(shop) if one.id in standing and one.is_live}
    assert rest == {50, 25}


def refund_all(shop: Shop, bought: list[str]) -> None:
    for key in bought:
        fact = RefundFact((key,), shop.now, refund_id=f"re_{key}", amount_minor=6000)
        with within(shop.business.id), transaction():
            journey.refund(shop.business, fact, at=shop.now)


def handle_all(shop: Shop, keys: list[object]) -> None:
    """Ripen, hold, release, approve and deny, as far as each reward still lets us."""
    verbs: list[Callable[[Reward], object]] = [
        lambda one: journey.hold_reward(one, actor=OLIVE, reason="Look.", at=shop.now),
        lambda one: journey.release_reward(one, actor=OLIVE, reason="Fine.", at=shop.now),
        lambda one: ripen(one, at=shop.now),
        lambda one: journey.approve_reward(one, actor=OLIVE, reason="Good.", at=shop.now),
        lambda one: journey.deny_reward(one, actor=OLIVE, reason="No.", at=shop.now),
    ]
    for number, key in enumerate(keys):
        for verb in verbs[: 3 + number % 3]:
            try:
                with within(shop.business.id), transaction():
                    verb(session.get_one(Reward, key))
            except (RewardMoved, RewardHeld, NothingHeld):
                pass


def test_a_refund_during_the_signup_is_taken_back(app: Flask) -> None:
    shop = open_shop()
    token = shop.click(shop.link_of(shop.customer("alice")))
    key = shop.later(hours=1).purchase("bob").external_id
    told = Told(tokens=(token,))

    def join() -> None:
        with within(shop.business.id):
            identity = Identity.read(email="bob@mail.example")
            place = here(shop)
            journey.join(place.business, place.program, identity, told, at=shop.now)

    while_open(app, join, partial(refund_all, shop, [key]))
    (reward,) = [one for one in rewards_of(shop) if one.side == Side.ADVOCATE]
    assert (reward.clawback_minor, reward.withheld_minor) == (500, 500)


def test_a_signup_during_the_refund_is_taken_back(app: Flask) -> None:
    shop = open_shop()
    token = shop.click(shop.link_of(shop.customer("alice")))
    purchase = shop.later(hours=1).purchase("bob")
    fact = RefundFact((purchase.external_id,), shop.now, refund_id="re_1", amount_minor=6000)

    def refund() -> None:
        with within(shop.business.id):
            journey.refund(shop.business, fact, at=shop.now)

    while_open(app, refund, partial(sign_up, shop, token))
    (reward,) = [one for one in rewards_of(shop) if one.side == Side.ADVOCATE]
    assert reward.clawback_minor == 500


def test_a_purchase_during_the_signup_earns_its_reward(app: Flask) -> None:
    shop = open_shop()
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(hours=1).customer("bob")
    shop.later(seconds=-1)
    told = Told(tokens=(token,))
    with within(shop.business.id), transaction():
        person = journey.tell_customer(
            shop.business, CustomerFact(Claim(email="bob@mail.example"), shop.now), at=shop.now
        )
    assert person is not None
    shop.later(seconds=5)

    def join() -> None:
        with within(shop.business.id):
            identity = Identity.read(email="bob@mail.example")
            place = here(shop)
            journey.join(place.business, place.program, identity, told, at=shop.now)

    while_open(app, join, partial(buy, shop, paid("bob", shop)))
    assert counted(RewardState.PENDING) == 1


def test_a_signup_during_the_purchase_earns_its_reward(app: Flask) -> None:
    shop = open_shop()
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(hours=1).customer("bob")
    shop.later(seconds=5)

    def pay() -> None:
        with within(shop.business.id):
            journey.buy(shop.business, paid("bob", shop), at=shop.now)

    while_open(app, pay, partial(sign_up, shop, token))
    assert counted(RewardState.PENDING) == 1


def test_a_nameless_payment_during_the_signup_that_names_them_is_theirs(app: Flask) -> None:
    shop = open_shop()
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(hours=1)
    guest = Claim(customer_id="cus_guest")
    with within(shop.business.id), transaction():
        journey.tell_customer(shop.business, CustomerFact(guest, shop.now), at=shop.now)
    shop.later(seconds=5)
    fact = PurchaseFact(guest, ("in_guest",), 12000, 2000, "eur", shop.now)

    def pay() -> None:
        with within(shop.business.id):
            journey.buy(shop.business, fact, at=shop.now)

    def join() -> None:
        place = here(shop)
        identity = Identity.read(email="bob@mail.example", stripe_customer_id="cus_guest")
        with within(shop.business.id), transaction():
            meet(shop.business.id, Identity.read(email="bob@mail.example"), at=shop.now)
        with within(shop.business.id), transaction():
            told = Told(tokens=(token,))
            journey.join(place.business, place.program, identity, told, at=shop.now)

    while_open(app, pay, join)
    assert counted(RewardState.PENDING) == 1


def test_two_advocates_at_once_get_one_referral(app: Flask) -> None:
    shop = open_shop()
    tokens = [shop.click(shop.link_of(shop.customer(name))) for name in ("alice", "anna")]
    shop.later(minutes=1)
    acts = [partial(sign_up, shop, token) for token in tokens * 4]
    assert at_once(app, acts) == []
    reasons = {
        joined.signup.reason for token in tokens for joined in [shop.signup("bob", token=token)]
    }
    assert reasons == {"credited", "already_referred"}
