"""The offer in one currency and the purchase in another: converted once, by a rate that is kept."""

from datetime import date, timedelta

import pytest
from flask import Flask

from referral.domain.businesses import within
from referral.domain.currencies import RateDiffers, RateTerms, read_list
from referral.domain.programs import Trigger
from referral.domain.reports.explanation import explain_referral, explain_reward
from referral.foundation.errors import Invalid
from referral.surfaces.web.why import gate_items
from tests.amounts.shops import amounts, bring, earned, pay, shop_in, tell, work_at
from tests.cast import NOON, credit


def share(rate_bp: int = 1000, **terms: object):
    return credit(None, rate_bp=rate_bp, trigger=Trigger.PURCHASE, **terms)


@pytest.mark.parametrize(
    ("offer", "paid", "base_minor", "rate", "amount_minor"),
    [
        ("eur", "usd", 12345, "0.9231", 1140),  # 113.956… EUR
        ("eur", "jpy", 10000, "0.00617", 617),  # 61.70 EUR
        ("eur", "kwd", 1234, "3.0127", 37),  # 3.7176… EUR, and 0.372 of it
        ("jpy", "eur", 9999, "162.085", 1621),  # 16206.879… JPY
        ("jpy", "kwd", 1235, "488.4", 60),  # 603.174 JPY, and 60.3 of it
        ("kwd", "eur", 10000, "0.3319", 3320),  # 33.190 KWD, and 3.319 of it in hundredths
        ("kwd", "jpy", 1000, "0.002", 200),  # 2.000 KWD
    ],
)
def test_a_share_is_of_what_was_paid_in_the_offers_currency(
    app: Flask, offer: str, paid: str, base_minor: int, rate: str, amount_minor: int
) -> None:
    shop = shop_in(offer, share())
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    tell(shop, paid, offer, rate)
    pay(shop, "bob", base_minor, currency=paid)
    [reward] = earned(shop, alice)
    assert (reward.amount_minor, reward.currency) == (amount_minor, offer)
    assert reward.inputs["conversion"] == {
        "currency": paid,
        "amount_minor": base_minor,
        "rate": rate,
        "is_inverse": False,
        "day": "2026-11-01",
        "source": "bank",
    }


def test_a_rate_told_the_other_way_round_divides(app: Flask) -> None:
    shop = shop_in("eur", share())
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    tell(shop, "eur", "usd", "1.0832")
    pay(shop, "bob", 10832, currency="usd")
    assert amounts(shop, alice) == [1000]
    assert earned(shop, alice)[0].inputs["conversion"]["is_inverse"] is True


def test_the_latest_rate_of_the_week_before_serves(app: Flask) -> None:
    shop = shop_in("eur", share())
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    for back, rate in ((9, "9"), (7, "0.7"), (3, "0.5"), (-1, "8")):
        tell(shop, "usd", "eur", rate, day=(NOON - timedelta(days=back)).date())
    pay(shop, "bob", 10000, currency="usd")
    pay(shop, "bob", 20000, currency="usd", at=NOON + timedelta(days=9, hours=13))
    assert amounts(shop, alice) == [500]


def test_without_a_rate_nothing_is_lost_and_the_rate_earns_it_once(app: Flask) -> None:
    shop = shop_in("eur", share())
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    referral = bought = pay(shop, "bob", 10000, currency="usd")
    with within(shop.business.id):
        from referral.domain.attribution import referrals_of_friend

        [referral] = referrals_of_friend(bought.person)
        rule = explain_referral(referral, at=shop.now).stands_at
        assert (rule.name, rule.code, rule.state) == ("rule", "no_exchange_rate", "waiting")
    shop.refund(bought, 2500)
    assert tell(shop, "usd", "eur", "0.9") is True
    work_at(shop.now)
    assert tell(shop, "usd", "eur", "0.90") is False
    work_at(shop.now)
    [reward] = earned(shop, alice)
    assert (reward.amount_minor, reward.payable_minor) == (900, 675)


def test_a_rate_of_the_wrong_week_wakes_nothing(app: Flask) -> None:
    shop = shop_in("eur", share())
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    pay(shop, "bob", 10000, currency="usd")
    tell(shop, "usd", "eur", "0.9", day=(NOON - timedelta(days=8)).date())
    work_at(shop.now + timedelta(minutes=2))
    assert amounts(shop, alice) == []


def test_a_rate_that_came_unheard_is_found_the_next_day(app: Flask) -> None:
    """As when it was told in the moment in which the purchase was being judged."""
    from referral.domain.currencies import record_rates
    from referral.foundation.db import transaction

    shop = shop_in("eur", share())
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    pay(shop, "bob", 10000, currency="usd")
    work_at(shop.now + timedelta(minutes=2))
    with within(shop.business.id), transaction():
        terms = RateTerms("usd", "eur", "0.9", shop.now.date(), "bank")
        record_rates(shop.business.id, [terms], at=shop.now)
    work_at(shop.now + timedelta(days=1, minutes=5))
    assert amounts(shop, alice) == [900]


def test_the_smallest_purchase_is_asked_for_in_the_offers_currency(app: Flask) -> None:
    shop = shop_in("eur", share(minimum_minor=9000))
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    tell(shop, "usd", "eur", "0.9")
    pay(shop, "bob", 9999, currency="usd")
    pay(shop, "bob", 10000, currency="usd")
    assert amounts(shop, alice) == [900]


def test_a_refund_takes_the_share_of_the_purchases_own_currency(app: Flask) -> None:
    shop = shop_in("kwd", share())
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    tell(shop, "jpy", "kwd", "0.002")
    bought = pay(shop, "bob", 1000, currency="jpy")
    shop.refund(bought, 333)
    [reward] = earned(shop, alice)
    assert (reward.amount_minor, reward.clawback_minor) == (200, 70)


def test_a_rate_once_told_stays(app: Flask) -> None:
    shop = shop_in("eur", share())
    tell(shop, "usd", "eur", "0.9")
    with pytest.raises(RateDiffers):
        tell(shop, "usd", "eur", "0.91")


def test_the_answer_to_why_shows_the_sum(app: Flask) -> None:
    shop = shop_in("eur", share())
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    tell(shop, "usd", "eur", "0.9")
    pay(shop, "bob", 10000, currency="usd")
    with within(shop.business.id):
        told = explain_reward(earned(shop, alice)[0], at=shop.now)
        facts = dict(told.gates[3].evidence)["arithmetic"]
        pairs = [pair for item in gate_items(told) for pair in item["evidence"]]
    sum_words = "US$100.00 × 0.9 = €90.00, rate of 2026-11-01 from bank"
    assert [("Converted", sum_words), ("Worked out", "10% of €90.00 = €9.00")] == [
        pair for pair in pairs if pair[0] in ("Converted", "Worked out")
    ]
    assert (facts["paid"].amount_minor, facts["paid"].currency) == (10000, "usd")
    assert (facts["base"].amount_minor, facts["rate"]) == (9000, "0.9")
    assert facts["amount"].amount_minor == 900


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": "0"},
        {"rate": "1e3"},
        {"rate": "-1"},
        {"rate": "1,08"},
        {"rate": "NaN"},
        {"base": "xxq"},
        {"quote": "usd"},
        {"day": date(2027, 1, 1)},
        {"source": " "},
    ],
)
def test_a_rate_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    told = {"base": "usd", "quote": "eur", "rate": "0.9", "day": NOON.date(), "source": "bank"}
    with pytest.raises(Invalid):
        RateTerms(**{**told, **wrong}).check(today=NOON.date())  # type: ignore[arg-type]


def test_the_lists_that_banks_publish_are_read() -> None:
    columns = "Date,USD,JPY,CYP,\n2026-10-30,1.0832,160.2,N/A,\n2026-10-29,1.08,,0.58,\n"
    rows = "base,quote,rate,date,source\nUSD,EUR,0.9231,2026-10-30,Fed\n"
    one_day = "Date, USD, JPY, \n30 October 2026, 1.0832, 160.2, \n"
    found = [(one.quote, one.rate, one.day.day) for one in told(columns)]
    assert found == [("usd", "1.0832", 30), ("jpy", "160.2", 30), ("usd", "1.08", 29),
                     ("cyp", "0.58", 29)]  # fmt: skip
    assert [(one.quote, one.rate, one.day.day) for one in told(one_day)] == found[:2]
    assert told(rows) == [RateTerms("usd", "eur", "0.9231", date(2026, 10, 30), "Fed")]
    for broken in ("", "USD,EUR\n", "Date,USD\nyesterday,1.1\n"):
        with pytest.raises(Invalid):
            told(broken)


def told(text: str) -> list[RateTerms]:
    return list(read_list(text, base="eur", source="bank"))


def test_a_line_that_cannot_be_read_is_named_with_its_currencies() -> None:
    with pytest.raises(Invalid) as refused:
        told("Date,USD,JPY\n2026-11-20,1.08,163\n2026-11-21,abc,163\n")
    assert refused.value.fields["file"].startswith("Line 3, eur to usd: Write a number above zero")
