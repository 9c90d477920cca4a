"""Short stories of a shop that together touch every kind of row the auditor reads."""

from dataclasses import dataclass

from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.programs import ProgramState, Trigger, change_state, publish_offer, set_budget
from referral.domain.purchases import DisputeFact, DisputeOutcome, Purchase, RefundFact
from referral.domain.rewards import (
    CreditLot,
    Grant,
    Redemption,
    Reward,
    RewardState,
    redeem,
    reverse,
)
from referral.domain.rewards.store_credit import look_at_lot
from referral.foundation.db import session, transaction
from referral.foundation.money import Money
from tests.cast import Shop, credit, open_shop, store_credit
from tests.provider import Provider, find_nothing, prepare, ripen_due, send_due

OLIVE = Actor("operator", "Olive")


@dataclass
class Town:
    """Three shops after a few weeks, and the provider two of them use."""

    coffee: Shop
    books: Shop
    tea: Shop
    provider: Provider

    def run(self) -> "Town":
        """Let everything that is due happen in each shop."""
        for shop in (self.coffee, self.books, self.tea):
            work(shop, self.provider)
        return self


def tell() -> Town:
    """Tell every story."""
    terms = credit(None, rate_bp=1000, trigger=Trigger.PURCHASE, person_cap_minor=5000)
    town = Town(
        coffee=open_shop(budget_minor=9000),
        books=open_shop("Old Books", advocate=terms, approval="staff"),
        tea=open_shop("Tall Teas", advocate=store_credit(1000, credit_life_days=20), hold_days=5),
        provider=Provider(),
    )
    _coffee(town.coffee, town.provider)
    _books(town.books, town.provider)
    _tea(town.tea, town.provider)
    return town


def work(shop: Shop, provider: Provider) -> None:
    """Do what is due in a shop."""
    with within(shop.business.id):
        ripen_due(at=shop.now)
        send_due(provider, at=shop.now)


def refer(shop: Shop, advocate: str, friend: str, **paid: object) -> Purchase:
    """Let a friend come by an advocate's link and pay."""
    token = shop.click(shop.link_of(shop.customer(advocate)))
    shop.later(minutes=5).signup(friend, token=token)
    return shop.later(hours=1).purchase(friend, **paid)  # type: ignore[arg-type]


def reward_for(shop: Shop, purchase: Purchase) -> Reward:
    """Return the advocate's reward for a purchase."""
    with within(shop.business.id):
        query = select(Reward).where(Reward.purchase_id == purchase.id)
        return session.scalars(query.order_by(Reward.id.desc())).first()  # type: ignore[return-value]


def dispute(shop: Shop, purchase: Purchase, outcome: DisputeOutcome, *, name: str = "dp_1") -> None:
    """Let the customer's bank speak."""
    fact = DisputeFact((purchase.external_id,), name, purchase.gross_minor, outcome, shop.now)
    with within(shop.business.id), transaction():
        journey.dispute(shop.business, fact, at=shop.now)


def act(shop: Shop, verb: object, reward: Reward, reason: str) -> None:
    """Let olive act on a reward."""
    with within(shop.business.id), transaction():
        verb(reward, actor=OLIVE, reason=reason, at=shop.now)  # type: ignore[operator]


def _coffee(shop: Shop, provider: Provider) -> None:
    """Fixed credit after the first purchase, under a budget."""
    granted = refer(shop, "alice", "bob")
    partly = refer(shop, "alice", "ben")
    gone = refer(shop, "alice", "bea")
    held = refer(shop, "alice", "bill")
    denied = refer(shop, "alice", "bess")
    lost = refer(shop, "alice", "bart")
    won = refer(shop, "alice", "bree")
    shop.refund(partly, 3000)
    shop.refund(gone, 12000)
    act(shop, journey.hold_reward, reward_for(shop, held), "Please look at this one.")
    act(shop, journey.deny_reward, reward_for(shop, denied), "The same household.")
    dispute(shop, lost, DisputeOutcome.OPEN)
    dispute(shop, won, DisputeOutcome.OPEN, name="dp_2")
    shop.purchase("bob", 4000, at=shop.now)
    shop.signup("mallory", token=shop.click(shop.link_of(shop.customer("mallory"))))
    shop.signup("stranger", code="22222-22222")
    shop.signup("nobody")
    named = shop.later(days=1)
    named.signup("beth", told_by="alice@mail.example")
    named.purchase("beth")
    shop.later(days=31)
    work(shop, provider)
    shop.refund(granted, 3000, name="re_first")
    shop.refund(granted, 3000, name="re_first")
    dispute(shop, lost, DisputeOutcome.LOST)
    dispute(shop, won, DisputeOutcome.WON, name="dp_2")
    shop.later(days=1)
    work(shop, provider)
    provider.credit["cus_alice"] = 100
    shop.refund(granted, 9000)
    work(shop, provider)
    refer(shop, "anna", "bo")
    with within(shop.business.id), transaction():
        set_budget(shop.program, 2000)
    refer(shop, "anna", "brad")
    with within(shop.business.id), transaction():
        change_state(shop.program, ProgramState.CLOSED)
    shop.signup("boris", token=shop.click(shop.link_of(shop.customer("anna"))))
    shop.purchase("beth", 500)


def _books(shop: Shop, provider: Provider) -> None:
    """A tenth of each purchase, approved by staff, under a cap for each person."""
    first = refer(shop, "alice", "bob", gross_minor=12345, tax_minor=345)
    shop.later(days=2).purchase("bob", 33333)
    shop.purchase("bob", 9999)
    fact = RefundFact((first.external_id,), shop.now, total_minor=100)
    with within(shop.business.id), transaction():
        journey.refund(shop.business, fact, at=shop.now)
        publish_offer(shop.program, credit(700), at=shop.now)
    refer(shop, "alice", "ben")
    shop.later(days=31)
    work(shop, provider)
    for reward in _pending(shop):
        act(shop, journey.approve_reward, reward, "Looks right.")
    _once_more(shop, provider)
    work(shop, provider)
    shop.refund(first, 200)
    work(shop, provider)
    refer(shop, "anna", "brad")


def _tea(shop: Shop, provider: Provider) -> None:
    """Store credit that is spent, given back, taken back and left to expire."""
    unspent = refer(shop, "alice", "bob")
    gone = refer(shop, "alice", "ben")
    refer(shop, "alice", "bea")
    shop.later(days=6)
    work(shop, provider)
    _redeem(shop, "alice", 1300, "tea-1")
    cancelled = _redeem(shop, "alice", 500, "tea-2")
    with within(shop.business.id), transaction():
        reverse(cancelled, actor=OLIVE, at=shop.now)
    shop.refund(unspent, 6000)
    shop.refund(gone, 3000)
    work(shop, provider)
    shop.later(days=21)
    with within(shop.business.id):
        for lot in session.scalars(select(CreditLot).order_by(CreditLot.id)).all():
            with transaction():
                lot.due_at = look_at_lot(lot, at=shop.now)
    refer(shop, "amy", "beth")
    shop.later(days=6)
    work(shop, provider)


def _redeem(shop: Shop, name: str, amount_minor: int, order: str) -> Redemption:
    person = shop.customer(name)
    with within(shop.business.id), transaction():
        price = Money(amount_minor, "eur")
        return redeem(person, order, price, actor=OLIVE, at=shop.now)[0]


def _once_more(shop: Shop, provider: Provider) -> None:
    """Let one grant's outcome stay unknown until a look-up finds nothing."""
    with within(shop.business.id):
        query = select(Grant).where(Grant.operation == "credit", Grant.state == "waiting")
        grant = session.scalars(query.order_by(Grant.id)).first()
        assert grant is not None
        assert prepare(grant, provider, at=shop.now)
        find_nothing(grant, at=shop.now)


def _pending(shop: Shop) -> list[Reward]:
    with within(shop.business.id):
        query = select(Reward).where(Reward.state == RewardState.PENDING, Reward.open_holds == 0)
        return list(session.scalars(query))
