"""Charities at the console: listed, offered or not, owed, paid and written down as CSV."""

import csv
from io import StringIO

from sqlalchemy import select

from referral.domain.businesses import Actor, Role, within
from referral.domain.businesses.audit import AuditEntry
from referral.domain.journey import approve_reward
from referral.domain.programs import Side, publish_offer
from referral.domain.rewards import Reward
from referral.domain.rewards.charities import Charity, Donation, add_charity, set_default
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.cast import Shop, open_shop
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post
from tests.domain.test_choices import to_charity
from tests.provider import Provider, ripen_due, send_due

LIST = "/console/charities"
RIVERS = {"name": "Clean Rivers", "website": "https://rivers.example"}


def listed(shop: Shop) -> list[Charity]:
    with within(shop.business.id):
        return list(session.scalars(select(Charity).order_by(Charity.name)))


def donated(shop: Shop, name: str = "Clean Rivers") -> Charity:
    """Have alice's reward go to a charity."""
    with within(shop.business.id), transaction():
        charity = add_charity(shop.business.id, name, "https://rivers.example", at=shop.now)
        set_default(charity)
    shop.signup("bob", token=shop.click(shop.link_of(shop.customer("alice"))))
    shop.purchase("bob")
    with within(shop.business.id):
        ripen_due(at=clock.now())
        send_due(Provider(), at=clock.now())
    return charity


def giving(desk: Desk) -> Charity:
    shop = open_shop("Giving", advocate=to_charity(), hold_days=0, at=clock.now())
    return donated(shop)


def paid(shop: Shop) -> list[str | None]:
    with within(shop.business.id):
        return list(session.scalars(select(Donation.reference)))


def test_a_charity_is_added_taken_off_the_list_and_made_the_default(desk: Desk) -> None:
    assert "No charity yet" in check_page(desk.client.get(LIST))
    assert post(desk.client, LIST, **RIVERS).status_code == 303
    (charity,) = listed(desk.shop)
    for state, active, default in (
        ("default", True, True),
        ("no_default", True, False),
        ("default", True, True),
        ("inactive", False, False),
        ("active", True, False),
    ):
        answer = post(desk.client, f"{LIST}/{charity.public_id}/state", state=state)
        assert answer.status_code == 303
        (now,) = listed(desk.shop)
        assert (now.is_active, now.is_default) == (active, default), state
        is_said = "Nobody can choose a charity while none" in desk.client.get(LIST).text
        assert is_said is not active
    page = check_page(desk.client.get(LIST))
    assert "Clean Rivers" in page
    assert "Nothing was given to it yet." in page


def test_bad_input_is_said_beside_its_field(desk: Desk) -> None:
    page = check_page(post(desk.client, LIST, name="", website="rivers"), 422)
    assert 'id="e-name"' in page
    page = check_page(post(desk.client, LIST, name="Rivers", website="javascript:x"), 422)
    assert "Write the whole address" in page
    post(desk.client, LIST, **RIVERS)
    assert "on the list already" in check_page(post(desk.client, LIST, **RIVERS), 422)
    (charity,) = listed(desk.shop)
    check_page(post(desk.client, f"{LIST}/{charity.public_id}/state", state="gone"), 422)


def test_what_is_owed_is_marked_as_paid_with_its_reference(desk: Desk) -> None:
    with within(desk.shop.business.id), transaction():
        publish_offer(desk.shop.program, to_charity(), at=desk.shop.now)
    charity = donated(desk.shop)
    with within(desk.shop.business.id):
        reward = session.scalars(select(Reward).where(Reward.side == Side.ADVOCATE)).one()
        with transaction():
            approve_reward(reward, actor=Actor("operator", "O"), reason="Fine.", at=clock.now())
        send_due(Provider(), at=clock.now())
    path = f"{LIST}/{charity.public_id}/payments"
    name = f"reference-{charity.public_id}"
    assert "€10.00" in check_page(desk.client.get(LIST))

    known = {"amount": "1000", "currency": "eur"}
    assert "Write the reference" in check_page(post(desk.client, path, **known), 422)
    other = post(desk.client, path, **{**known, "amount": "999", name: "SEPA 1"})
    assert "has changed meanwhile" in check_page(other, 409)
    odd = post(desk.client, path, **{**known, "amount": "ten", name: "SEPA 1"})
    assert odd.status_code == 409
    assert post(desk.client, path, **{**known, name: "=SEPA 1"}).status_code == 303

    assert paid(desk.shop) == ["=SEPA 1"]
    with within(desk.shop.business.id):
        acts = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert acts[-1] == "charity.paid"
    answer = post(desk.client, f"{LIST}/donations")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    (row,) = csv.DictReader(StringIO(answer.text.lstrip("\ufeff")))
    named = ("charity", "name", "amount_minor", "currency", "reference")
    assert {name: row[name] for name in named} == {
        "charity": "Clean Rivers",
        "name": "Alice",
        "amount_minor": "1000",
        "currency": "eur",
        "reference": "'=SEPA 1",
    }
    assert row["paid_utc"].endswith("+00:00")
    check_page(desk.client.get("/console/audit"))


def test_another_business_sees_and_changes_nothing(desk: Desk) -> None:
    other = giving(desk)
    assert "Clean Rivers" not in check_page(desk.client.get(LIST))
    path = f"{LIST}/{other.public_id}"
    assert post(desk.client, f"{path}/state", state="inactive").status_code == 404
    assert post(desk.client, f"{path}/payments", amount="1000", currency="eur").status_code == 404
    assert len(post(desk.client, f"{LIST}/donations").text.splitlines()) == 1


def test_who_may_only_look_sees_no_form(desk: Desk) -> None:
    post(desk.client, LIST, **RIVERS)
    desk.become(Role.VIEWER)
    page = check_page(desk.client.get(LIST))
    assert ("Clean Rivers" in page, "Add a charity" in page) == (True, False)
