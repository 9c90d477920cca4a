"""Gift codes of a stock: given once, shown when asked for, taken back while nobody has looked."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import Actor, Role, invite, within
from referral.domain.notices import Notice
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.debts import forgive_debt
from referral.domain.rewards.gift_files import MOST_CODES, read_codes
from referral.domain.rewards.gift_stock import GiftCode, code_of
from referral.domain.rewards.gifts import show_code
from referral.domain.rewards.grants import Waiting
from referral.domain.rewards.ledger import LedgerAccount
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid, NotFound
from tests.cast import NOON, Shop, fill_stock, gift, open_shop
from tests.domain.test_recognition import give, reward_of
from tests.provider import Provider, send_due

TODAY = NOON.date()
pytestmark = pytest.mark.usefixtures("audited")


def bought(shop: Shop | None = None) -> tuple[Shop, Reward]:
    shop = shop or open_shop(advocate=gift())
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=5).signup("bob", token=token)
    shop.purchase("bob", keys=("in_bob",))
    return shop, reward_of(shop)


def fresh(shop: Shop, reward: Reward) -> Reward:
    with within(shop.business.id):
        session.refresh(reward)
    return reward


def code_for(shop: Shop, reward: Reward) -> GiftCode | None:
    with within(shop.business.id):
        return code_of(reward.id)


def refunded(shop: Shop, reward: Reward, amount_minor: int) -> Reward:
    with within(shop.business.id):
        purchase = reward.purchase
    assert purchase is not None
    shop.refund(purchase, amount_minor)
    with within(shop.business.id):
        send_due(Provider(), at=shop.now)
    return fresh(shop, reward)


def look(shop: Shop, reward: Reward) -> GiftCode:
    with within(shop.business.id), transaction():
        return show_code(reward, at=shop.now)


def notices(shop: Shop, kind: str) -> list[dict[str, object]]:
    with within(shop.business.id):
        return [one.content for one in session.scalars(select(Notice).where(Notice.kind == kind))]


def test_a_gift_is_a_code_of_its_worth_and_the_mail_does_not_say_it(app: Flask) -> None:
    shop, reward = bought()
    fill_stock(shop, "TOO-MUCH-1", "Big voucher", value_minor=5000)
    fill_stock(shop, "LATER-0001,2027-12-31\nFIRST-0001,2027-01-31\nNEVER-ENDS")
    give(shop)
    code = code_for(shop, fresh(shop, reward))
    assert code is not None
    assert (reward.state, code.text, code.shown_at) == ("granted", "FIRST-0001", None)
    (mail,) = notices(shop, "gift_given")
    assert (mail["to"], mail["stock"]) == ("alice@mail.example", "Book voucher")
    assert "FIRST-0001" not in str(mail)


def test_a_stored_code_cannot_be_read_from_the_database(app: Flask) -> None:
    shop = open_shop(advocate=gift())
    fill_stock(shop, "SECRET-CODE-42")
    with within(shop.business.id):
        code = session.scalars(select(GiftCode)).one()
    assert "SECRET" not in code.sealed + code.fingerprint
    assert (code.last_four, code.text) == ("E-42", "SECRET-CODE-42")


def test_an_empty_stock_makes_the_gift_wait_until_codes_come(app: Flask) -> None:
    shop, reward = bought()
    give(shop)
    with within(shop.business.id):
        act = session.scalars(select(Grant).where(Grant.reward_id == reward.id)).one()
        assert (fresh(shop, reward).state, act.waits_for) == ("approved", Waiting.OUT_OF_STOCK)
    shop.later(minutes=1)
    fill_stock(shop, "FRESH-0001")
    with within(shop.business.id):
        session.refresh(act)
        assert act.due_at == shop.now
        send_due(Provider(), at=shop.now)
    assert fresh(shop, reward).state == "granted"


def test_a_code_past_its_day_is_not_given(app: Flask) -> None:
    shop, reward = bought()
    fill_stock(shop, "SHORT-0001,2026-11-10")
    give(shop)
    assert (fresh(shop, reward).state, code_for(shop, reward)) == ("approved", None)


def test_an_unseen_code_goes_back_to_the_stock_and_on_to_somebody_else(app: Flask) -> None:
    shop, reward = bought()
    fill_stock(shop, "ONLY-0001")
    give(shop)
    assert refunded(shop, reward, 12000).state == "reversed"
    assert (reward.debited_minor, reward.owed_minor) == (1000, 0)
    with pytest.raises(NotFound):
        look(shop, reward)
    shop.signup("carol", token=shop.click(shop.link_of(shop.customer("alice"))))
    shop.purchase("carol", keys=("in_carol",))
    give(shop)
    assert look(shop, reward_of(shop)).text == "ONLY-0001"


def test_a_code_that_was_seen_stays_and_is_owed(app: Flask) -> None:
    shop, reward = bought()
    fill_stock(shop, "SEEN-0001")
    give(shop)
    seen = look(shop, fresh(shop, reward))
    assert refunded(shop, reward, 12000).state == "reversed"
    assert (reward.debited_minor, reward.owed_minor) == (0, 1000)
    assert (seen.reward_id, look(shop, reward).text) == (reward.id, "SEEN-0001")


def test_a_part_of_a_gift_cannot_be_taken_so_it_is_owed(app: Flask) -> None:
    shop, reward = bought()
    fill_stock(shop, "WHOLE-0001")
    give(shop)
    assert refunded(shop, reward, 3000).state == "granted"
    assert (reward.debited_minor, reward.owed_minor) == (0, 250)


def test_parts_that_make_up_the_whole_bring_an_unseen_code_back(app: Flask) -> None:
    shop, reward = bought()
    fill_stock(shop, "PARTS-0001")
    give(shop)
    for part in (3000, 5000, 4000):
        refunded(shop, reward, part)
    assert (reward.state, code_for(shop, reward)) == ("reversed", None)
    assert (reward.debited_minor, reward.owed_minor) == (1000, 0)


def test_parts_that_make_up_the_whole_are_owed_of_a_code_that_was_seen(app: Flask) -> None:
    shop, reward = bought()
    fill_stock(shop, "PARTS-0002")
    give(shop)
    look(shop, fresh(shop, reward))
    for part in (3000, 9000):
        refunded(shop, reward, part)
    assert (reward.state, reward.debited_minor, reward.owed_minor) == ("reversed", 0, 1000)


def test_a_code_of_which_a_part_was_forgiven_stays(app: Flask) -> None:
    shop, reward = bought()
    fill_stock(shop, "PARTS-0003")
    give(shop)
    refunded(shop, reward, 3000)
    olive = Actor("operator", "Olive")
    with within(shop.business.id), transaction():
        assert forgive_debt(reward, actor=olive, reason="A regular.", at=shop.now) == 250
    refunded(shop, reward, 9000)
    assert (reward.state, reward.debited_minor, reward.debt_minor) == ("reversed", 0, 750)
    assert look(shop, reward).text == "PARTS-0003"


def test_a_part_refunded_before_the_grant_is_owed_after_it(app: Flask) -> None:
    shop, reward = bought()
    fill_stock(shop, "WHOLE-0002")
    assert refunded(shop, reward, 3000).state == "pending"
    assert (reward.payable_minor, reward.clawback_minor) == (1000, 250)
    give(shop)
    assert (fresh(shop, reward).state, reward.owed_minor) == ("granted", 250)
    with within(shop.business.id):
        debts = session.scalars(select(LedgerAccount.balance_minor).filter_by(name="clawback_due"))
        assert debts.all() == [250]


def test_a_refund_that_fails_before_the_grant_leaves_no_debt(app: Flask) -> None:
    from referral.domain import journey
    from referral.domain.purchases import RefundFact

    shop, reward = bought()
    with within(shop.business.id):
        key = reward.purchase.external_id  # type: ignore[union-attr]
        for failed in (False, True):
            fact = RefundFact(
                (key,), shop.now, refund_id="re_1", amount_minor=3000, has_failed=failed
            )
            with transaction():
                journey.refund(shop.business, fact, at=shop.now)
        rewards = session.scalars(select(Reward).where(Reward.kind == "gift")).all()
    assert [(one.amount_minor, one.clawback_minor) for one in rewards] == [(1000, 0)]


def test_managers_are_told_once_that_a_stock_runs_low(app: Flask) -> None:
    shop, _ = bought()
    with within(shop.business.id), transaction():
        for role in (Role.MANAGER, Role.SUPPORT):
            invite(shop.business.id, f"{role}@shop.example", role=role, name=role, at=shop.now)
    fill_stock(shop, "LOW-00001\nLOW-00002\nLOW-00003", low_at=2)
    shop.signup("carol", token=shop.click(shop.link_of(shop.customer("alice"))))
    shop.purchase("carol")
    give(shop)
    (mail,) = notices(shop, "gift_stock_low")
    assert (mail["to"], mail["left"]) == ("manager@shop.example", 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "at least one code"),
        ("SHORT", "Line 1 has a code of 5"),
        ("ABCDEF\nGHIJKL\nABCDEF", "Line 3 repeats line 1"),
        ("ABC DEF", "spaces"),
        ("ABCDEF,31.12.2027", "31.12.2027 where a day"),
        ("ABCDEF,2026-10-31", "was valid until 2026-10-31"),
        ("ABCDEF,2027-10-31,x", "more than a code"),
        ("\n".join(f"CODE{number:06}" for number in range(MOST_CODES + 1)), "At most 10,000"),
    ],
)
def test_a_file_with_a_bad_line_is_refused_with_its_number(text: str, said: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_codes(text, on=TODAY)
    assert said in refusal.value.fields["codes"]


def test_a_file_may_have_a_heading_days_and_any_of_three_signs() -> None:
    lines = read_codes("\ufeffcode;until\nABCDEF;2027-01-01\n\n GHIJKL \nMNOPQR\t", on=TODAY)
    assert [(one.number, one.code, one.expires_on) for one in lines] == [
        (2, "ABCDEF", date(2027, 1, 1)),
        (4, "GHIJKL", None),
        (5, "MNOPQR", None),
    ]


def test_a_code_that_is_in_any_stock_is_refused_and_nothing_is_taken(app: Flask) -> None:
    shop = open_shop(advocate=gift())
    fill_stock(shop, "KNOWN-0001")
    with pytest.raises(Invalid) as refusal:
        fill_stock(shop, "OTHER-0001\nKNOWN-0001", "Another")
    assert "Line 2 is in a stock already" in refusal.value.fields["codes"]
    with within(shop.business.id):
        assert [one.text for one in session.scalars(select(GiftCode))] == ["KNOWN-0001"]
    fill_stock(open_shop("Old Books"), "KNOWN-0001")


def test_a_gift_has_an_amount_and_never_a_rate() -> None:
    with pytest.raises(Invalid):
        gift(None, rate_bp=1000).check("eur")  # type: ignore[arg-type]
