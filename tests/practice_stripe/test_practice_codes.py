"""Coupons and promotion codes: the friend's discount."""

from __future__ import annotations

import pytest
import stripe

from tools.practice_stripe.driver import Refused

TEN_OFF = {"id": "prg_1-v1", "amount_off": 1000, "currency": "usd", "name": "A friend's welcome"}


@pytest.fixture
def coupon(sdk):
    return sdk.coupons.create(TEN_OFF)


def code_for(sdk, customer=None, **terms):
    params = {"promotion": {"type": "coupon", "coupon": "prg_1-v1"}, **terms}
    return sdk.promotion_codes.create(params | ({"customer": customer} if customer else {}))


def session_for(sdk, **terms):
    price = {"currency": "usd", "unit_amount": 5000, "product_data": {"name": "Mug"}}
    return sdk.checkout.sessions.create(
        {
            "mode": "payment",
            "line_items": [{"price_data": price}],
            "success_url": "https://shop.example/thanks",
            **terms,
        }
    )


def test_a_second_coupon_of_the_same_id_is_refused_and_the_first_stands(sdk, coupon):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.coupons.create({**TEN_OFF, "amount_off": 9999})
    assert (refused.value.code, refused.value.http_status) == ("resource_already_exists", 400)
    assert sdk.coupons.retrieve(coupon.id).amount_off == 1000


def test_a_coupon_changes_its_name_only(sdk, coupon):
    assert sdk.coupons.update(coupon.id, {"name": "Hello"}).name == "Hello"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.coupons.update(coupon.id, {"amount_off": 1})
    assert refused.value.code == "parameter_unknown"


def test_a_code_for_one_customer_works_for_nobody_else(sdk, practice, coupon, alice):
    code = code_for(sdk, alice.id, code="WELCOME-1", max_redemptions=1)
    bob = sdk.customers.create({"name": "Bob"})
    chosen = [{"promotion_code": code.id}]
    with pytest.raises(stripe.InvalidRequestError, match="another customer"):
        session_for(sdk, customer=bob.id, discounts=chosen)
    with pytest.raises(stripe.InvalidRequestError, match="another customer"):
        session_for(sdk, discounts=chosen)

    session = session_for(sdk, customer=alice.id, discounts=chosen)
    paid = practice.pay(session.id)
    assert (session.amount_total, paid["charge"]["amount"]) == (4000, 4000)
    assert paid["session"]["discounts"] == [{"coupon": None, "promotion_code": code.id}]
    used = sdk.promotion_codes.retrieve(code.id, {"expand": ["promotion.coupon"]})
    assert (used.times_redeemed, used.active) == (1, False)
    assert used.promotion.coupon.times_redeemed == 1


def test_a_code_used_up_meanwhile_fails_when_paying(sdk, practice, coupon):
    code = code_for(sdk, max_redemptions=1)
    first, second = (session_for(sdk, discounts=[{"promotion_code": code.id}]) for _ in range(2))
    practice.pay(first.id, email="bob@example.com")
    with pytest.raises(Refused, match="not active"):
        practice.pay(second.id, email="mallory@example.com")
    assert sdk.checkout.sessions.retrieve(second.id).status == "open"


def test_codes_are_unique_in_any_case_and_found_in_any_case(sdk, coupon):
    code = code_for(sdk, code="Welcome-1")
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        code_for(sdk, code="WELCOME-1")
    assert [one.id for one in sdk.promotion_codes.list({"code": "welcome-1"})] == [code.id]
    sdk.promotion_codes.update(code.id, {"active": False})
    assert code_for(sdk, code="WELCOME-1").active
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        sdk.promotion_codes.update(code.id, {"active": True})


def test_deleting_the_coupon_ends_its_codes(sdk, coupon, alice):
    code = code_for(sdk, alice.id)
    sdk.coupons.delete(coupon.id)
    assert not sdk.promotion_codes.retrieve(code.id).active
    assert sdk.promotion_codes.list({"customer": alice.id, "active": True}).data == []


def test_a_first_time_code_is_refused_after_a_purchase(sdk, practice, coupon, alice):
    code = code_for(sdk, restrictions={"first_time_transaction": True})
    practice.buy(2000, customer=alice.id)
    with pytest.raises(stripe.InvalidRequestError, match="first purchase"):
        session_for(sdk, customer=alice.id, discounts=[{"promotion_code": code.id}])


def test_expired_and_too_long_codes_are_refused(sdk, practice, coupon):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        code_for(sdk, expires_at=1)
    assert refused.value.param == "expires_at"


def test_a_typed_code_lowers_a_purchase_of_the_right_customer(sdk, practice, coupon, alice):
    code_for(sdk, alice.id, code="ALICE")
    bought = practice.buy(5000, customer=alice.id, promotion_code="alice", tax=500)
    assert bought["charge"]["amount"] == 4000
    assert bought["session"]["total_details"] == {
        "amount_discount": 1000,
        "amount_shipping": 0,
        "amount_tax": 400,
    }


def test_a_once_coupon_lowers_the_first_invoice_only(sdk, practice, coupon, alice):
    bought = practice.buy(5000, mode="subscription", customer=alice.id, coupon=coupon.id)
    renewed = practice.renew(bought["subscription"]["id"])
    assert [bought["invoice"]["total"], renewed["invoice"]["total"]] == [4000, 5000]
    first = sdk.invoices.retrieve(bought["invoice"]["id"], {"expand": ["discounts"]})
    assert first.discounts[0].source.coupon == coupon.id
