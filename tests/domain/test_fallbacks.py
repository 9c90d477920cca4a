"""Credit for somebody who never becomes a customer: something else takes its place, once."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from referral.commands.offers import Extras, read_offer
from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.people import Identity, tie_customer
from referral.domain.programs import Kind, OfferTerms, Side, Trigger
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.choosing import choose
from referral.domain.rewards.falling_back import Fallback, fall_back, fallback_of
from referral.domain.rewards.recovering import end_recovery, reconcile_first
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from tests.cast import Shop, credit, fill_stock, open_shop
from tests.domain.test_choices import help_with
from tests.domain.test_gifts import code_for, fresh, refunded
from tests.domain.test_recognition import reward_of
from tests.provider import Provider, ripen_due, send_due

OLIVE = Actor("operator", "Olive")
pytestmark = pytest.mark.usefixtures("audited")


def else_(kind: Kind = Kind.STORE_CREDIT, **terms: object) -> OfferTerms:
    return credit(fallback_kind=kind, **terms)


def earned(terms: OfferTerms, **rules: object) -> tuple[Shop, Reward]:
    """Have alice, who is no customer, earn a reward whose hold has passed."""
    shop = open_shop(advocate=terms, **rules)
    token = shop.click(shop.link_of(shop.customer("alice", customer="")))
    shop.later(minutes=5).signup("bob", token=token)
    shop.purchase("bob", keys=("in_bob",))
    reward = reward_of(shop)
    work(shop.later(days=31))
    return shop, fresh(shop, reward)


def work(shop: Shop, provider: Provider | None = None) -> Provider:
    provider = provider or Provider()
    with within(shop.business.id):
        ripen_due(at=shop.now)
        send_due(provider, at=shop.now)
    return provider


def becomes_customer(shop: Shop) -> None:
    with within(shop.business.id), transaction():
        journey.introduce(
            shop.business,
            Identity.read(email="alice@mail.example", stripe_customer_id="cus_alice"),
            at=shop.now,
        )


def acts(shop: Shop, reward: Reward) -> list[tuple[str, str, str | None]]:
    with within(shop.business.id):
        query = select(Grant).where(Grant.reward_id == reward.id).order_by(Grant.id)
        found = session.scalars(query.execution_options(populate_existing=True))
        return [(act.operation, act.state, act.waits_for) for act in found]


def to_come(shop: Shop, reward: Reward) -> Fallback | None:
    with within(shop.business.id):
        return fallback_of(fresh(shop, reward))


def test_credit_waits_its_days_and_says_what_it_becomes(app: Flask) -> None:
    shop, reward = earned(else_())
    assert acts(shop, reward) == [("credit", "waiting", "no_customer")]
    assert to_come(shop, reward) == Fallback(Kind.STORE_CREDIT, shop.now + timedelta(days=14))
    work(shop.later(days=14, seconds=-1))
    assert (fresh(shop, reward).kind, reward.state) == ("account_credit", "approved")
    work(shop.later(seconds=1))
    assert (fresh(shop, reward).kind, reward.state) == ("store_credit", "granted")
    assert reward.fell_back_at == shop.now
    assert acts(shop, reward) == [("credit", "failed", None), ("store_credit", "done", None)]
    assert to_come(shop, reward) is None


def test_the_act_that_ended_says_where_it_went_and_the_other_whence(app: Flask) -> None:
    shop, reward = earned(else_(fallback_days=0))
    with within(shop.business.id):
        query = select(Grant).where(Grant.reward_id == reward.id).order_by(Grant.id)
        first, second = session.scalars(query).all()
    assert first.proof is not None
    assert second.proof is not None
    assert "given as store_credit instead" in first.proof
    assert first.public_id in second.proof


def test_nothing_is_waited_for_with_no_days(app: Flask) -> None:
    _, reward = earned(else_(fallback_days=0))
    assert (reward.kind, reward.state) == ("store_credit", "granted")


def test_a_customer_who_comes_in_time_gets_the_credit(app: Flask) -> None:
    shop, reward = earned(else_())
    becomes_customer(shop.later(days=13))
    assert to_come(shop, reward) is None
    provider = work(shop)
    work(shop.later(days=30), provider)
    assert (fresh(shop, reward).kind, reward.state) == ("account_credit", "granted")
    assert (provider.credit, reward.fell_back_at) == ({"cus_alice": 1000}, None)


def test_a_customer_who_comes_later_gets_no_second_thing(app: Flask) -> None:
    shop, reward = earned(else_(fallback_days=0))
    becomes_customer(shop)
    provider = work(shop.later(days=1))
    assert (fresh(shop, reward).kind, provider.credit) == ("store_credit", {})


def test_who_becomes_a_customer_just_before_the_commit_keeps_the_credit(app: Flask) -> None:
    shop, reward = earned(else_())
    shop.later(days=15)
    with within(shop.business.id):
        grant = session.scalars(select(Grant).where(Grant.reward_id == reward.id)).one()
        with transaction():
            tie_customer(reward.person, "cus_alice", at=shop.now)
            assert fall_back(grant, at=shop.now) == shop.now
    assert (fresh(shop, reward).kind, reward.fell_back_at) == ("account_credit", None)
    assert work(shop).credit == {"cus_alice": 1000}


def test_budget_and_caps_are_taken_once_and_a_refund_takes_of_what_was_given(app: Flask) -> None:
    shop, reward = earned(else_(fallback_days=0, person_cap_minor=1000), budget_minor=1000)
    with within(shop.business.id):
        session.refresh(shop.program)
    assert shop.program.committed_minor == 1000
    refunded(shop, reward, 3000)
    assert (reward.kind, reward.debited_minor, reward.owed_minor) == ("store_credit", 250, 0)
    with within(shop.business.id):
        session.refresh(shop.program)
    assert shop.program.committed_minor == 750


def test_a_part_refunded_while_it_waits_is_not_given(app: Flask) -> None:
    shop, reward = earned(else_())
    refunded(shop, reward, 3000)
    work(shop.later(days=14))
    assert (fresh(shop, reward).kind, reward.state) == ("store_credit", "granted")
    assert (reward.withheld_minor, reward.payable_minor) == (250, 750)


def test_a_gift_is_given_whole_or_the_credit_waits_on(app: Flask) -> None:
    shop, reward = earned(else_(Kind.GIFT))
    fill_stock(shop, "GIFT-0001")
    refunded(shop, reward, 3000)
    work(shop.later(days=20))
    assert acts(shop, reward) == [("credit", "waiting", "no_customer")]
    assert (fresh(shop, reward).kind, to_come(shop, reward)) == ("account_credit", None)


def test_a_gift_takes_the_place_of_credit(app: Flask) -> None:
    shop, reward = earned(else_(Kind.GIFT, fallback_days=0))
    assert acts(shop, reward)[1] == ("gift_code", "waiting", "out_of_stock")
    fill_stock(shop, "GIFT-0001")
    work(shop.later(hours=2))
    assert fresh(shop, reward).state == "granted"
    assert code_for(shop, reward) is not None


def test_a_charity_is_chosen_by_the_person_then(app: Flask) -> None:
    shop, reward = earned(else_(Kind.CHARITY, fallback_days=0))
    assert acts(shop, reward)[1] == ("donation", "waiting", "no_charity")
    charity = help_with(shop)
    work(shop)
    assert acts(shop, reward)[1] == ("donation", "waiting", "choice")
    with within(shop.business.id), transaction():
        choose(fresh(shop, reward), Kind.CHARITY, charity, actor=OLIVE, at=shop.now)
    work(shop)
    assert fresh(shop, reward).state == "granted"


def test_what_is_held_becomes_nothing_else_until_it_is_released(app: Flask) -> None:
    shop, reward = earned(else_())
    with within(shop.business.id), transaction():
        journey.hold_reward(reward, actor=OLIVE, reason="Looks odd.", at=shop.now)
    work(shop.later(days=20))
    assert (fresh(shop, reward).kind, reward.is_held) == ("account_credit", True)
    assert acts(shop, reward) == [("credit", "waiting", "held")]
    with within(shop.business.id), transaction():
        journey.release_reward(reward, actor=OLIVE, reason="It is fine.", at=shop.now)
    work(shop)
    assert (fresh(shop, reward).kind, reward.state) == ("store_credit", "granted")


def test_after_a_restore_nothing_becomes_something_else_until_it_was_compared(app: Flask) -> None:
    shop, reward = earned(else_())
    with within(shop.business.id), transaction():
        reconcile_first(shop.business.id, reason="Restored.", at=shop.now)
    work(shop.later(days=20))
    assert fresh(shop, reward).kind == "account_credit"
    with within(shop.business.id), transaction():
        end_recovery(shop.business.id, at=shop.now)
    work(shop.later(hours=1))
    assert fresh(shop, reward).kind == "store_credit"


def test_credit_does_not_expire_while_something_else_is_to_come(app: Flask) -> None:
    shop, reward = earned(else_(fallback_days=90), expire_days=30)
    for _ in range(60):
        work(shop.later(days=1))
    assert fresh(shop, reward).state == "approved"


@pytest.mark.parametrize(
    "terms",
    [
        else_(Kind.DISCOUNT),
        else_(Kind.ACCOUNT_CREDIT),
        else_(fallback_days=-1),
        else_(fallback_days=366),
        else_(Kind.GIFT, amount_minor=None, rate_bp=1000),
        credit(fallback_days=3),
        credit(credit_life_days=30),
        OfferTerms(
            side=Side.ADVOCATE,
            kind=Kind.CASH,
            trigger=Trigger.PURCHASE,
            amount_minor=1000,
            fallback_kind=Kind.GIFT,
        ),
    ],
)
def test_what_cannot_be_given_instead_is_refused(terms: OfferTerms) -> None:
    with pytest.raises(Invalid):
        terms.check("eur")


def test_what_is_said_of_its_kind_goes_with_what_is_given_instead(app: Flask) -> None:
    terms = else_(fallback_days=0, credit_life_days=30)
    terms.check("eur")
    else_(Kind.CASH, minimum_payout_minor=2000).check("eur")
    _, reward = earned(terms)
    assert reward.offer.credit_life_days == 30


def test_it_is_typed_as_a_kind_and_its_days() -> None:
    def typed(text: str) -> OfferTerms:
        read = read_offer(
            Side.ADVOCATE, "account_credit:1000", "first_purchase", extras=Extras(fallback=text)
        )
        assert read is not None
        return read

    assert (typed("gift").fallback_kind, typed("gift").fallback_days) == (Kind.GIFT, None)
    assert typed("cash:30").fallback_days == 30
    for wrong in ("discount", "gift:", "gift:soon", "gift:-1"):
        with pytest.raises(Invalid):
            typed(wrong)
