"""A reward for a charity, and one whose person says how it is given."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from referral.commands.offers import read_offer
from referral.domain.businesses import Actor, across_businesses, within
from referral.domain.notices import Notice
from referral.domain.programs import Kind, OfferTerms, Side, Trigger
from referral.domain.programs.kinds import CHOOSABLE
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.charities import (
    Charity,
    Donation,
    TotalChanged,
    add_charity,
    find_charity,
    mark_paid,
    set_active,
    set_default,
    totals,
)
from referral.domain.rewards.choosing import Choice, choose, options_of
from referral.domain.rewards.credit import CreditLot
from referral.domain.rewards.moving import RewardMoved
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from referral.foundation.money import Money
from referral.worker import work_all
from tests.cast import Shop, fill_stock, open_shop
from tests.domain.test_gifts import bought, fresh, give, refunded
from tests.provider import Provider, ripen_due, send_due

ALICE = Actor("person", "Alice")
pytestmark = pytest.mark.usefixtures("audited")


def to_charity(**terms: object) -> OfferTerms:
    chosen = {"trigger": Trigger.FIRST_PURCHASE, "amount_minor": 1000, **terms}
    return OfferTerms(side=Side.ADVOCATE, kind=Kind.CHARITY, **chosen)  # type: ignore[arg-type]


def choice(**terms: object) -> OfferTerms:
    chosen = {
        "trigger": Trigger.FIRST_PURCHASE,
        "amount_minor": 1000,
        "choices": (Kind.ACCOUNT_CREDIT, Kind.GIFT, Kind.CHARITY),
        **terms,
    }
    return OfferTerms(side=Side.ADVOCATE, kind=Kind.CHOICE, **chosen)  # type: ignore[arg-type]


def help_with(shop: Shop, name: str = "Clean Rivers", *, default: bool = False) -> Charity:
    with within(shop.business.id), transaction():
        charity = add_charity(shop.business.id, name, "https://rivers.example", at=shop.now)
        if default:
            set_default(charity)
    return charity


def choosing(shop: Shop, reward: Reward, kind: Kind, charity: Charity | None = None) -> Reward:
    with within(shop.business.id), transaction():
        choose(reward, kind, charity, actor=ALICE, at=shop.now)
    return fresh(shop, reward)


def send(shop: Shop, provider: Provider | None = None) -> None:
    with within(shop.business.id):
        send_due(provider or Provider(), at=shop.now)


def times_asked(shop: Shop) -> int:
    """Count the mails that ask somebody to choose."""
    with within(shop.business.id):
        query = select(Notice).where(Notice.kind == "reward_to_choose")
        return len(session.scalars(query).all())


def donated(shop: Shop) -> list[tuple[str, int, int, bool]]:
    with within(shop.business.id):
        found = session.execute(select(Donation, Charity.name).join(Charity)).all()
        return [
            (name, one.amount_minor, one.withdrawn_minor, one.paid_at is not None)
            for one, name in found
        ]


def waits(shop: Shop, reward: Reward) -> list[str | None]:
    with within(shop.business.id):
        query = select(Grant.waits_for).where(Grant.reward_id == reward.id)
        return list(session.scalars(query.where(Grant.state == "waiting")))


def test_a_reward_for_a_charity_waits_until_one_is_chosen(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=to_charity()))
    charity = help_with(shop)
    give(shop)
    assert (fresh(shop, reward).state, waits(shop, reward)) == ("approved", ["choice"])
    choosing(shop, reward, Kind.CHARITY, charity)
    send(shop)
    assert (fresh(shop, reward).state, donated(shop)) == (
        "granted",
        [("Clean Rivers", 1000, 0, False)],
    )


def test_the_person_is_asked_by_mail_once_it_is_confirmed(app: Flask) -> None:
    shop, _ = bought(open_shop(advocate=choice()))
    give(shop)
    with within(shop.business.id):
        query = select(Notice).where(Notice.kind == "reward_to_choose")
        (said,) = [one.content for one in session.scalars(query)]
    assert (said["to"], said["is_charity"]) == ("alice@mail.example", False)


def test_the_default_charity_takes_what_nobody_chose_one_for(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=to_charity()))
    help_with(shop, default=True)
    give(shop)
    assert (fresh(shop, reward).state, donated(shop)[0][0]) == ("granted", "Clean Rivers")


def test_what_a_charity_was_not_paid_is_withdrawn_and_what_it_was_is_owed(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=to_charity()))
    charity = help_with(shop, default=True)
    give(shop)
    refunded(shop, reward, 3000)
    assert (reward.debited_minor, donated(shop)) == (250, [("Clean Rivers", 1000, 250, False)])
    with within(shop.business.id):
        assert totals() == {charity.id: totals()[charity.id]}
        assert totals()[charity.id][0].owed == Money(750, "eur")
        with pytest.raises(TotalChanged), transaction():
            mark_paid(charity, Money(1000, "eur"), reference="SEPA 1", at=shop.now)
        with transaction():
            assert mark_paid(charity, Money(750, "eur"), reference="SEPA 1", at=shop.now) == 1
        with pytest.raises(TotalChanged), transaction():
            mark_paid(charity, Money(750, "eur"), reference="SEPA 2", at=shop.now)
    refunded(shop, reward, 9000)
    assert (reward.state, reward.debited_minor, reward.owed_minor) == ("reversed", 250, 750)
    assert donated(shop) == [("Clean Rivers", 1000, 250, True)]


def test_a_choice_waits_and_then_goes_the_way_that_was_chosen(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=choice()))
    fill_stock(shop, "GIFT-0001")
    give(shop)
    assert (fresh(shop, reward).state, waits(shop, reward)) == ("approved", ["choice"])
    assert choosing(shop, reward, Kind.GIFT).kind == "gift"
    send(shop)
    assert fresh(shop, reward).state == "granted"
    with pytest.raises(RewardMoved):
        choosing(shop, reward, Kind.ACCOUNT_CREDIT)


def test_store_credit_that_was_chosen_lasts_as_long_as_the_offer_says(app: Flask) -> None:
    kinds = (Kind.STORE_CREDIT, Kind.CASH)
    shop, reward = bought(open_shop(advocate=choice(choices=kinds, credit_life_days=30)))
    choosing(shop, reward, Kind.STORE_CREDIT)
    give(shop)
    with within(shop.business.id):
        lot = session.scalars(select(CreditLot)).one()
    assert lot.expires_at == lot.granted_at + timedelta(days=30)


def test_a_choice_may_be_changed_until_the_grant_begins(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=choice()))
    charity = help_with(shop)
    choosing(shop, reward, Kind.CHARITY, charity)
    choosing(shop, reward, Kind.ACCOUNT_CREDIT)
    provider = Provider()
    shop.later(days=31)
    with within(shop.business.id):
        ripen_due(at=shop.now)
    choosing(shop, reward, Kind.CHARITY, charity)
    choosing(shop, reward, Kind.ACCOUNT_CREDIT)
    send(shop, provider)
    assert (fresh(shop, reward).state, reward.kind) == ("granted", "account_credit")
    assert (provider.credit["cus_alice"], donated(shop)) == (1000, [])
    with within(shop.business.id):
        assert len(session.scalars(select(Choice)).all()) == 4


def test_the_first_kind_that_fits_is_taken_after_the_days(app: Flask) -> None:
    kinds = (Kind.CHARITY, Kind.GIFT, Kind.ACCOUNT_CREDIT)
    shop, reward = bought(open_shop(advocate=choice(choices=kinds, choose_within_days=14)))
    fill_stock(shop, "GIFT-0001")
    give(shop)
    send(shop.later(days=13))
    assert fresh(shop, reward).kind == "choice"
    send(shop.later(days=1))
    send(shop)
    assert (fresh(shop, reward).kind, reward.state) == ("gift", "granted")


def test_a_part_refunded_before_choosing_is_withheld_and_rules_out_a_gift(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=choice()))
    charity = help_with(shop)
    refunded(shop, reward, 3000)
    assert reward.payable_minor == 750
    with within(shop.business.id):
        assert options_of(reward) == [Kind.ACCOUNT_CREDIT, Kind.CHARITY]
    choosing(shop, reward, Kind.CHARITY, charity)
    give(shop)
    assert donated(shop) == [("Clean Rivers", 750, 0, False)]


def test_a_choice_stays_once_a_refund_took_a_part(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=choice()))
    choosing(shop, reward, Kind.GIFT)
    refunded(shop, reward, 3000)
    with pytest.raises(RewardMoved):
        choosing(shop, reward, Kind.ACCOUNT_CREDIT)
    fill_stock(shop, "GIFT-0001")
    give(shop)
    assert (fresh(shop, reward).state, reward.owed_minor) == ("granted", 250)


def test_what_is_not_on_offer_cannot_be_chosen(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=choice()))
    gone = help_with(shop, "Gone")
    with within(shop.business.id), transaction():
        set_active(gone, is_active=False, at=shop.now)
    for kind, charity in (
        (Kind.DISCOUNT, None),
        (Kind.CHOICE, None),
        (Kind.CHARITY, None),
        (Kind.CHARITY, gone),
    ):
        with pytest.raises(Invalid):
            choosing(shop, reward, kind, charity)
    assert fresh(shop, reward).kind == "choice"


@pytest.mark.parametrize(
    "terms",
    [
        choice(choices=()),
        choice(choices=(Kind.GIFT,)),
        choice(choices=(Kind.GIFT, Kind.GIFT)),
        choice(choices=(Kind.GIFT, Kind.DISCOUNT)),
        choice(amount_minor=None, rate_bp=1000),
        choice(choose_within_days=0),
        to_charity(choices=(Kind.GIFT, Kind.CHARITY)),
    ],
)
def test_a_choice_has_at_least_two_kinds_of_one_amount(terms: OfferTerms) -> None:
    with pytest.raises(Invalid):
        terms.check("eur")


def test_kinds_to_choose_from_are_typed_behind_the_amount() -> None:
    some = read_offer(Side.ADVOCATE, "choice:1000:account_credit, charity", "first_purchase")
    every = read_offer(Side.ADVOCATE, "choice:1000", "first_purchase")
    assert some is not None
    assert every is not None
    assert (some.amount_minor, some.choices) == (1000, (Kind.ACCOUNT_CREDIT, Kind.CHARITY))
    assert every.choices == CHOOSABLE
    with pytest.raises(Invalid):
        read_offer(Side.ADVOCATE, "choice:1000:discount", "first_purchase")


def test_a_wait_for_a_choice_is_looked_at_again_within_the_hour(app: Flask) -> None:
    shop = open_shop(advocate=choice(), hold_days=0, at=clock.now() - timedelta(hours=1))
    _, reward = bought(shop)
    work_all(rounds=3)
    act = session.scalars(
        select(Grant)
        .where(Grant.reward_id == reward.id)
        .execution_options(**across_businesses(), populate_existing=True)
    ).one()
    assert (act.waits_for, act.attempts, act.dead_at) == ("choice", 0, None)
    assert act.due_at is not None
    assert timedelta(minutes=50) < act.due_at - clock.now() <= timedelta(hours=1)


def test_nobody_is_asked_to_choose_a_charity_before_one_is_on_the_list(app: Flask) -> None:
    at = clock.now() - timedelta(hours=1)
    shop, reward = bought(open_shop(advocate=to_charity(), hold_days=0, at=at))
    work_all(rounds=3)
    assert (times_asked(shop), waits(shop, reward)) == (0, ["no_charity"])
    rivers = help_with(shop).public_id
    work_all(rounds=3)
    assert (times_asked(shop), waits(shop, reward)) == (1, ["choice"])
    for is_active, waiting in ((False, "no_charity"), (True, "choice")):
        with within(shop.business.id), transaction():
            set_active(find_charity(rivers), is_active=is_active, at=clock.now())
        work_all(rounds=3)
        assert waits(shop, reward) == [waiting]
    assert times_asked(shop) == 1


def test_a_choice_among_other_kinds_needs_no_charity_on_the_list(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=choice()))
    give(shop)
    assert (times_asked(shop), waits(shop, reward)) == (1, ["choice"])
