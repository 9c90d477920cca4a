"""Caps for a person, a day, a month and a household: taken together, given back together."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import within
from referral.domain.businesses.businesses import set_time_zone
from referral.domain.people import Person, live_together
from referral.domain.programs import (
    ProgramTerms,
    Trigger,
    current_offers,
    edit_program,
    publish_rules,
    set_budget,
)
from referral.domain.rewards import Reward
from referral.domain.rewards.allowances import Allowance
from referral.domain.rewards.limits import limits_of, opens_at
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from tests.cast import Shop, credit, open_shop

EACH = credit(1000, trigger=Trigger.PURCHASE)
pytestmark = pytest.mark.usefixtures("audited")


def sent(shop: Shop, friend: str, *, by: str = "alice") -> Person:
    """Let somebody bring a friend; returns who did."""
    person = shop.customer(by)
    token = shop.click(shop.link_of(person))
    shop.later(seconds=1).signup(friend, token=token)
    shop.later(seconds=1)
    return person


def outcomes(shop: Shop) -> list[tuple[str, str | None]]:
    with within(shop.business.id):
        query = select(Reward.state, Reward.reason).where(Reward.side == "advocate")
        return [(state, reason) for state, reason in session.execute(query.order_by(Reward.id))]


def taken(shop: Shop) -> dict[str, int]:
    """Return what is taken, by what it is counted under."""
    with within(shop.business.id):
        rows = session.scalars(select(Allowance).where(Allowance.taken_minor != 0))
        found: dict[str, int] = {}
        for row in rows:
            name = f"{row.scope} {row.period}".strip()
            found[name] = found.get(name, 0) + row.taken_minor
        return found


def live(shop: Shop, household: str, *people: Person) -> None:
    with within(shop.business.id), transaction():
        for person in people:
            live_together(session.get_one(Person, person.id), household)


def test_a_day_is_full_and_the_next_is_not(app: Flask) -> None:
    shop = open_shop(advocate=EACH, day_cap_minor=2000)
    sent(shop, "bob")
    for _ in range(3):
        shop.purchase("bob")
    shop.later(hours=12).purchase("bob")
    assert outcomes(shop) == [
        ("pending", None),
        ("pending", None),
        ("cancelled", "day_cap_reached"),
        ("pending", None),
    ]
    assert taken(shop) == {
        "person": 3000,
        "day 2026-11-01": 2000,
        "day 2026-11-02": 1000,
        "month 2026-11": 3000,
        "household": 3000,
    }


def test_f43_a_day_begins_where_the_business_is(app: Flask) -> None:
    shop = open_shop(
        advocate=EACH, month_cap_minor=1000, at=datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
    )
    with within(shop.business.id), transaction():
        set_time_zone(shop.business, "Europe/Berlin")
    sent(shop, "bob")
    shop.purchase("bob")
    shop.later(minutes=58).purchase("bob")
    shop.later(minutes=2).purchase("bob")
    states = [reason or state for state, reason in outcomes(shop)]
    assert states == ["pending", "month_cap_reached", "pending"]


def test_a_late_purchase_counts_in_its_own_month(app: Flask) -> None:
    shop = open_shop(advocate=EACH, month_cap_minor=1000)
    sent(shop, "bob")
    paid_at = shop.now
    shop.later(days=31).purchase("bob", at=paid_at)
    shop.purchase("bob")
    assert [state for state, _ in outcomes(shop)] == ["pending", "pending"]


def test_a_household_shares_one_cap_and_strangers_do_not(app: Flask) -> None:
    shop = open_shop(advocate=EACH, household_cap_minor=1000)
    alice, anna = sent(shop, "bob"), sent(shop, "ben", by="anna")
    sent(shop, "tim", by="zoe")
    live(shop, "1 Mill Lane, Bath", alice)
    live(shop, "1, MILL LANE  bath", anna)
    for friend in ("bob", "ben", "tim"):
        shop.purchase(friend)
    states = [reason or state for state, reason in outcomes(shop)]
    assert states == ["pending", "household_cap_reached", "pending"]
    with within(shop.business.id):
        kept = session.get_one(Person, alice.id).household
    assert kept is not None
    assert "mill" not in kept.lower()


def test_a_refund_gives_back_in_every_count_once_and_a_failed_one_takes_again(app: Flask) -> None:
    shop = open_shop(advocate=EACH, day_cap_minor=1000, household_cap_minor=5000)
    alice = sent(shop, "bob")
    purchase = shop.purchase("bob")
    day, month = "day 2026-11-01", "month 2026-11"
    live(shop, "moved away", alice)
    shop.later(days=40).refund(purchase, 6000)
    assert taken(shop) == {"person": 500, day: 500, month: 500, "household": 500}
    shop.refund(purchase, 6000)
    assert taken(shop) == {}


def test_a_refused_reward_takes_nothing_anywhere(app: Flask) -> None:
    shop = open_shop(advocate=EACH, household_cap_minor=1500, budget_minor=10_000)
    sent(shop, "bob")
    shop.purchase("bob")
    shop.purchase("bob")
    assert outcomes(shop)[1] == ("cancelled", "household_cap_reached")
    assert set(taken(shop).values()) == {1000}
    with within(shop.business.id):
        session.refresh(shop.program)
    assert shop.program.committed_minor == 1000


def test_what_is_reached_is_known_before_and_when_it_opens_again(app: Flask) -> None:
    shop = open_shop(advocate=EACH, day_cap_minor=1000, month_cap_minor=3000, budget_minor=4000)
    alice = sent(shop, "bob")
    with within(shop.business.id):
        offer = current_offers(shop.program.id)["advocate"]  # type: ignore[index]

        def reached() -> list[tuple[str, str | None]]:
            session.refresh(shop.program)
            found = limits_of(shop.program, offer, alice, at=shop.now)
            return [(one.reason, one.opens_at and one.opens_at.isoformat()) for one in found]

        assert reached() == []
        shop.purchase("bob")
        assert reached() == [("day_cap_reached", "2026-11-02T00:00:00+00:00")]
        for _ in range(2):
            shop.later(days=1).purchase("bob")
        assert reached() == [
            ("day_cap_reached", "2026-11-04T00:00:00+00:00"),
            ("month_cap_reached", "2026-12-01T00:00:00+00:00"),
        ]
        shop.later(days=30)
        with transaction():
            set_budget(shop.program, 3000)
        assert reached() == [("budget_reached", None)]
    assert opens_at("cap_reached", "2026-11-01", "UTC") is None


def test_i29_i30_new_caps_hold_for_new_friends_only(app: Flask) -> None:
    shop = open_shop(advocate=EACH)
    sent(shop, "bob")
    shop.purchase("bob")
    strict = ProgramTerms(
        name="Friends",
        landing_url="https://shop.example/hello",
        day_cap_minor=500,
        month_cap_minor=500,
        household_cap_minor=500,
        hold_days=90,
        expire_days=30,
    )
    with within(shop.business.id), transaction():
        edit_program(shop.program, strict, at=shop.now)
        fresh = publish_rules(shop.program, at=shop.now)
        assert publish_rules(shop.program, at=shop.now) == []
    assert sorted((one.side, one.version, one.hold_days) for one in fresh) == [
        ("advocate", 2, 90),
        ("friend", 2, 90),
    ]
    shop.purchase("bob")
    sent(shop, "ben", by="anna")
    shop.purchase("ben")
    states = [reason or state for state, reason in outcomes(shop)]
    assert states == ["pending", "pending", "day_cap_reached"]


@pytest.mark.parametrize("field", ["day_cap_minor", "month_cap_minor", "household_cap_minor"])
@pytest.mark.parametrize("cap", [0, -1, 10**12 + 1])
def test_a_cap_is_an_amount_above_zero(field: str, cap: int) -> None:
    terms = ProgramTerms(name="Friends", landing_url="https://shop.example/", **{field: cap})  # type: ignore[arg-type]
    with pytest.raises(Invalid) as refusal:
        terms.check()
    assert list(refusal.value.fields) == [field]
