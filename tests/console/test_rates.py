"""Exchange rates in the console: entered by finance, and what waits for one is listed."""

from datetime import timedelta

from sqlalchemy import select

from referral.domain.businesses import Role, within
from referral.domain.currencies import ExchangeRate
from referral.foundation.db import session
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post

RATES = "/console/settings/rates"
TYPED = {"base": "USD", "quote": "EUR", "rate": "0,9231", "date": "2026-10-30", "source": "ECB"}


def kept(desk: Desk) -> list[str]:
    with within(desk.shop.business.id):
        return [one.rate for one in session.scalars(select(ExchangeRate))]


def test_a_rate_is_entered_and_shown(desk: Desk) -> None:
    answer = post(desk.client, RATES, RATES, **TYPED)
    assert (answer.status_code, answer.location) == (303, RATES)
    text = check_page(desk.client.get(RATES))
    assert "1 USD = 0.9231 EUR" in text
    assert "Entered an exchange rate" in check_page(desk.client.get("/console/audit"))


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_kept(desk: Desk) -> None:
    wrong = {"base": "", "quote": "xxq", "rate": "1e3", "date": "soon", "source": ""}
    answer = post(desk.client, RATES, RATES, **wrong)
    assert answer.status_code == 422
    text = check_page(answer, 422)
    assert "Give a day, such as 2026-11-20." in text
    assert "Say where the rate is from." in text
    assert kept(desk) == []


def test_another_rate_of_the_day_is_refused(desk: Desk) -> None:
    post(desk.client, RATES, RATES, **TYPED)
    answer = post(desk.client, RATES, RATES, **{**TYPED, "rate": "0.5"})
    assert answer.status_code == 409
    assert "it stays" in check_page(answer, 409)
    assert kept(desk) == ["0.9231"]


def test_purchases_that_wait_for_a_rate_are_listed(desk: Desk) -> None:
    shop = desk.shop
    alice = shop.customer("alice")
    shop.signup("bob", code=shop.link_of(alice).code)
    shop.purchase("bob", currency="usd", at=shop.now + timedelta(hours=1))
    text = check_page(desk.client.get(RATES))
    assert "1 purchase in USD" in text
    assert "for offers in EUR" in text


def test_a_viewer_sees_the_rates_and_enters_none(desk: Desk) -> None:
    desk.become(Role.VIEWER)
    assert "Enter a rate" not in check_page(desk.client.get(RATES))
    assert post(desk.client, RATES, **TYPED).status_code == 403
    assert kept(desk) == []
