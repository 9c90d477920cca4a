"""What went back and could not be taken is settled by later rewards, or forgiven by staff."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.businesses.audit import AuditEntry
from referral.domain.programs import Side, Trigger
from referral.domain.purchases import Purchase
from referral.domain.rewards import Account, Grant, LedgerAccount, Reward, attempts
from referral.domain.rewards.debts import DebtSettlement, NothingOwed
from referral.domain.rewards.grants import Asked, NotReady
from referral.foundation.db import session, transaction
from tests.cast import Shop, credit, open_shop
from tests.provider import Provider, find_nothing, prepare, refuse, ripen_due, send_due

OLIVE = Actor("operator", "olive")
NOTHING = credit(side=Side.FRIEND, minimum_minor=10**9)
pytestmark = pytest.mark.usefixtures("audited")


@dataclass
class Story:
    """Alice gets 10.00 for each purchase of Bob; what she has at the provider can be spent."""

    shop: Shop
    provider: Provider = field(default_factory=Provider)
    bought: list[Purchase] = field(default_factory=list)

    def buy(self) -> Purchase:
        self.bought.append(self.shop.later(minutes=1).purchase("bob"))
        return self.bought[-1]

    def give(self) -> None:
        """Let every hold pass and everything be sent."""
        self.shop.later(days=31)
        with within(self.shop.business.id):
            ripen_due(at=self.shop.now)
            send_due(self.provider, at=self.shop.now)

    def approve(self) -> None:
        """Let every hold pass, and nothing be sent."""
        self.shop.later(days=31)
        with within(self.shop.business.id):
            ripen_due(at=self.shop.now)

    def spend(self) -> None:
        """Let Alice use up what she has."""
        self.provider.credit.clear()

    def owe(self, part: int = 12000) -> None:
        """Give Alice 10.00, let her use it, and give Bob so much of his money back."""
        purchase = self.buy()
        self.give()
        self.spend()
        self.shop.refund(purchase, part, name="re_owed")
        self.give()

    def rewards(self) -> list[Reward]:
        with within(self.shop.business.id):
            session.expire_all()
            return list(session.scalars(select(Reward).order_by(Reward.id)))

    def balance(self, name: Account) -> int:
        with within(self.shop.business.id):
            query = select(LedgerAccount.balance_minor).where(LedgerAccount.name == name)
            return sum(session.scalars(query))

    def grants(self) -> list[tuple[str, str, int]]:
        with within(self.shop.business.id):
            query = select(Grant).order_by(Grant.id)
            return [(one.operation, one.state, one.amount_minor) for one in session.scalars(query)]


@pytest.fixture
def story(app: Flask) -> Story:
    shop = open_shop(advocate=credit(trigger=Trigger.PURCHASE), friend=NOTHING)
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=5).signup("bob", token=token)
    return Story(shop)


def test_a_later_reward_settles_a_part_and_the_rest_is_sent(story: Story) -> None:
    story.owe(3000)
    story.buy()
    story.give()
    old, new = story.rewards()
    assert (old.owed_minor, old.settled_minor, old.debt_minor) == (250, 250, 0)
    assert (new.state, new.netted_minor, new.payable_minor) == ("granted", 250, 750)
    assert story.grants()[-1] == ("credit", "done", 750)
    assert story.balance(Account.CLAWBACK_DUE) == 0
    assert story.balance(Account.GRANTED) == 1750


def test_a_reward_that_goes_into_it_whole_is_granted_with_nothing_sent(story: Story) -> None:
    story.owe()
    story.buy()
    story.give()
    old, new = story.rewards()
    assert (old.state, old.settled_minor, new.state, new.netted_minor) == (
        "reversed",
        1000,
        "granted",
        1000,
    )
    assert story.grants()[-1] == ("credit", "done", 0)
    assert sum(story.provider.credit.values()) == 0


def test_what_is_settled_may_be_promised_again(story: Story) -> None:
    story.owe()
    with within(story.shop.business.id), transaction():
        session.refresh(story.shop.program)
        before = story.shop.program.committed_minor
    story.buy()
    story.give()
    with within(story.shop.business.id):
        session.refresh(story.shop.program)
    assert (before, story.shop.program.committed_minor) == (1000, 1000)


def test_a_debt_that_comes_later_meets_what_is_approved_and_not_sent(story: Story) -> None:
    first = story.buy()
    story.give()
    story.spend()
    story.buy()
    story.approve()
    story.shop.refund(first, 6000)
    with within(story.shop.business.id):
        (debit,) = session.scalars(select(Grant).where(Grant.operation == "debit"))
        assert not prepare(debit, story.provider, at=story.shop.now)
    old, new = story.rewards()
    assert (old.settled_minor, new.netted_minor, new.state) == (500, 500, "approved")
    story.give()
    assert ("credit", "done", 500) in story.grants()


def test_denying_the_reward_that_paid_lets_the_debt_stand_again(story: Story) -> None:
    story.owe(3000)
    story.buy()
    story.approve()
    _, new = story.rewards()
    with within(story.shop.business.id), transaction():
        journey.deny_reward(new, actor=OLIVE, reason="A friend of ours.", at=story.shop.now)
    old, new = story.rewards()
    assert (old.debt_minor, new.netted_minor, new.state) == (250, 0, "denied")
    assert story.balance(Account.CLAWBACK_DUE) == 250
    story.buy()
    story.give()
    assert [one.debt_minor for one in story.rewards()] == [0, 0, 0]


def test_a_grant_that_fails_lets_the_debt_stand_again(story: Story) -> None:
    story.owe(3000)
    story.buy()
    story.approve()
    with within(story.shop.business.id):
        (act,) = session.scalars(select(Grant).where(Grant.state == "waiting"))
        assert prepare(act, story.provider, at=story.shop.now)
        find_nothing(act, at=story.shop.now)
        (act,) = session.scalars(select(Grant).where(Grant.state == "waiting"))
        assert prepare(act, story.provider, at=story.shop.now)
        assert act.amount_minor == 750
        refuse(act, at=story.shop.now)
    old, new = story.rewards()
    assert (old.debt_minor, new.netted_minor, new.state) == (250, 0, "failed")


@pytest.mark.parametrize(
    ("part", "withheld", "netted", "debt"),
    [(6000, 500, 250, 0), (10800, 900, 100, 150), (12000, 0, 0, 250)],
)
def test_a_refund_of_the_reward_that_paid_takes_what_it_needs(
    story: Story, part: int, withheld: int, netted: int, debt: int
) -> None:
    story.owe(3000)
    second = story.buy()
    story.approve()
    story.shop.refund(second, part)
    old, new = story.rewards()
    assert (new.withheld_minor, new.netted_minor, old.debt_minor) == (withheld, netted, debt)
    story.give()


def test_a_granted_reward_that_paid_owes_what_was_never_sent(story: Story) -> None:
    story.owe(3000)
    second = story.buy()
    story.give()
    story.shop.refund(second, 12000)
    story.give()
    old, new = story.rewards()
    assert (new.state, new.debited_minor, new.debt_minor) == ("reversed", 750, 250)
    assert old.debt_minor == 0


def test_a_failed_refund_of_a_settled_debt_begins_anew(story: Story) -> None:
    story.owe(3000)
    story.buy()
    story.give()
    story.shop.refund(story.bought[0], 3000, name="re_owed", has_failed=True)
    story.give()
    assert [one.amount_minor for one in story.rewards()] == [1000, 1000, 250]
    assert {one.state for one in story.rewards()} == {"granted"}


def test_the_debt_of_a_reversed_reward_meets_the_one_that_gives_it_back(story: Story) -> None:
    story.owe()
    story.shop.refund(story.bought[0], 12000, name="re_owed", has_failed=True)
    story.give()
    old, anew = story.rewards()
    assert (old.state, old.debt_minor, anew.state, anew.netted_minor) == (
        "reversed",
        0,
        "granted",
        1000,
    )
    assert sum(story.provider.credit.values()) == 0


def test_staff_forgive_a_debt_with_a_reason(story: Story) -> None:
    story.owe(3000)
    (old,) = story.rewards()
    with within(story.shop.business.id), transaction():
        journey.forgive_debt(old, actor=OLIVE, reason="Our mistake.", at=story.shop.now)
    story.buy()
    story.give()
    old, new = story.rewards()
    assert (old.forgiven_minor, old.debt_minor, new.netted_minor) == (250, 0, 0)
    with within(story.shop.business.id):
        settlement = session.scalars(select(DebtSettlement)).one()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "debt.forgiven"))
        assert entry.one().details["amount_minor"] == 250
    assert (settlement.actor_name, settlement.reason) == ("olive", "Our mistake.")


def test_a_debt_is_forgiven_once(story: Story) -> None:
    story.owe(3000)
    (old,) = story.rewards()
    with within(story.shop.business.id), transaction():
        journey.forgive_debt(old, actor=OLIVE, reason="Our mistake.", at=story.shop.now)
    with within(story.shop.business.id), pytest.raises(NothingOwed), transaction():
        journey.forgive_debt(old, actor=OLIVE, reason="Our mistake.", at=story.shop.now)


def test_a_forgiven_debt_of_a_whole_reward_keeps_the_books_right(story: Story) -> None:
    story.owe()
    (old,) = story.rewards()
    with within(story.shop.business.id), transaction():
        journey.forgive_debt(old, actor=OLIVE, reason="Our mistake.", at=story.shop.now)
    assert story.rewards()[0].state == "reversed"
    assert (story.balance(Account.CLAWBACK_DUE), story.balance(Account.GRANTED)) == (0, 1000)


def test_nobody_pays_for_somebody_else(story: Story) -> None:
    story.owe()
    shop = story.shop
    token = shop.click(shop.link_of(shop.customer("dora")))
    shop.later(minutes=5).signup("frank", token=token)
    shop.purchase("frank")
    story.give()
    assert [(one.debt_minor, one.netted_minor) for one in story.rewards()] == [(1000, 0), (0, 0)]


def test_a_debt_that_stands_again_is_paid_by_what_else_is_approved(story: Story) -> None:
    story.owe(3000)
    story.buy()
    story.buy()
    story.approve()
    _, first, _ = story.rewards()
    with within(story.shop.business.id), transaction():
        journey.deny_reward(first, actor=OLIVE, reason="No.", at=story.shop.now)
    story.give()
    assert story.provider.credit == {"cus_alice": 750}


def test_what_a_failed_refund_adds_to_an_approved_reward_pays_a_debt_too(story: Story) -> None:
    shop = story.shop
    story.owe()
    purchase = story.buy()
    shop.refund(purchase, 6000, name="re_half")
    story.approve()
    shop.refund(purchase, 6000, name="re_half", has_failed=True)
    story.give()
    assert story.provider.credit == {}
    assert [one.debt_minor for one in story.rewards()] == [0, 0]


def test_nothing_is_prepared_of_what_pays_a_debt_whole(story: Story) -> None:
    story.owe()
    story.buy()
    story.approve()
    with within(story.shop.business.id):
        act = session.scalars(select(Grant).order_by(Grant.id.desc())).first()
        assert act is not None
        with pytest.raises(NotReady), transaction():
            attempts.prepare(act, Asked("cus_alice"), at=story.shop.now)
    story.give()
    assert story.provider.credit == {}
