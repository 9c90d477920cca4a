"""Stocks of gift codes at the console: opened, filled from text or a file, and looked at."""

from io import BytesIO

from sqlalchemy import select

from referral.domain.businesses import Role, within
from referral.domain.businesses.audit import AuditEntry
from referral.domain.rewards.gift_stock import GiftCode, GiftStock
from referral.foundation.db import session
from tests.cast import Shop, fill_stock, open_shop
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post, token

GIFTS = "/console/gifts"
NEW = {"name": "Book voucher", "value": "10.00", "currency": "EUR", "low_at": "2"}


def known(shop: Shop) -> tuple[list[GiftStock], list[str]]:
    with within(shop.business.id):
        codes = sorted(one.text for one in session.scalars(select(GiftCode)))
        return list(session.scalars(select(GiftStock))), codes


def test_a_stock_is_opened_with_its_first_codes(desk: Desk) -> None:
    assert "No stock yet" in check_page(desk.client.get(GIFTS))
    check_page(desk.client.get(f"{GIFTS}/new"))

    answer = post(desk.client, f"{GIFTS}/new", **NEW, codes="GIFT-0001\nGIFT-0002,2031-12-31\n")

    (stock,), codes = known(desk.shop)
    assert answer.location == f"{GIFTS}/{stock.public_id}"
    assert (stock.name, stock.value_minor, stock.currency) == ("Book voucher", 1000, "eur")
    assert codes == ["GIFT-0001", "GIFT-0002"]
    page = check_page(desk.client.get(answer.location))
    assert "2 codes added" in page
    assert ("…0001" in page, "GIFT-0001" in page) == (True, False)
    assert "Running low" in check_page(desk.client.get(GIFTS))
    assert "codes left in Book voucher" in check_page(desk.client.get("/console"))
    with within(desk.shop.business.id):
        acts = [one.action for one in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert acts[-2:] == ["gift_stock.opened", "gift_codes.imported"]
    record = check_page(desk.client.get("/console/audit"))
    assert "Opened a stock of gift codes" in record


def test_codes_come_from_a_file_too(desk: Desk) -> None:
    stock = fill_stock(desk.shop, "GIFT-0001")
    path = f"{GIFTS}/{stock.public_id}"
    typed = {"csrf_token": token(desk.client.get(path)), "codes": ""}
    file = (BytesIO("code;until\r\nGIFT-0002;2031-12-31\r\n".encode("utf-8-sig")), "codes.csv")

    answer = desk.client.post(f"{path}/codes", data={**typed, "file": file})

    assert answer.status_code == 303
    assert known(desk.shop)[1] == ["GIFT-0001", "GIFT-0002"]


def test_a_file_that_is_no_text_and_codes_beside_a_file_are_refused(desk: Desk) -> None:
    stock = fill_stock(desk.shop, "GIFT-0001")
    path = f"{GIFTS}/{stock.public_id}"
    form = token(desk.client.get(path))
    for codes, sent, said in (("", b"\xff\xfe\x00", "no plain text"), ("X-1234", b"Y", "not both")):
        data = {"csrf_token": form, "codes": codes, "file": (BytesIO(sent), "x.csv")}
        assert said in check_page(desk.client.post(f"{path}/codes", data=data), 422)
    assert known(desk.shop)[1] == ["GIFT-0001"]


def test_codes_that_are_known_are_named_by_their_line_and_nothing_is_taken(desk: Desk) -> None:
    stock = fill_stock(desk.shop, "GIFT-0001")
    path = f"{GIFTS}/{stock.public_id}/codes"

    again = check_page(post(desk.client, path, codes="GIFT-0002\nGIFT-0001"), 422)
    twice = check_page(post(desk.client, path, codes="GIFT-0002\nGIFT-0003\nGIFT-0002"), 422)

    assert "Line 2 is in a stock already." in again
    assert "Line 3 repeats line 1." in twice
    assert known(desk.shop)[1] == ["GIFT-0001"]


def test_bad_input_is_said_beside_its_field_and_opens_nothing(desk: Desk) -> None:
    wrong = {"name": "", "value": "ten", "currency": "XX", "low_at": "many", "codes": "A"}
    page = check_page(post(desk.client, f"{GIFTS}/new", **wrong), 422)
    for name in ("name", "value", "currency", "low_at", "codes"):
        assert f'id="e-{name}"' in page, name
    assert known(desk.shop) == ([], [])


def test_a_name_can_be_used_once(desk: Desk) -> None:
    fill_stock(desk.shop, "GIFT-0001")
    page = check_page(post(desk.client, f"{GIFTS}/new", **NEW, codes="GIFT-0002"), 422)
    assert "There is a stock of this name already" in page


def test_when_staff_are_told_can_be_changed(desk: Desk) -> None:
    stock = fill_stock(desk.shop, "GIFT-0001")
    path = f"{GIFTS}/{stock.public_id}/warning"
    assert post(desk.client, path, low_at="7").status_code == 303
    assert "Write a whole number." in check_page(post(desk.client, path, low_at="-1"), 422)
    assert "from 0 to 10,000" in check_page(post(desk.client, path, low_at="10001"), 422)
    assert [one.low_at for one in known(desk.shop)[0]] == [7]


def test_ten_thousand_codes_fit_in_one_form(desk: Desk) -> None:
    codes = "\n".join(f"GIFT-CARD-{number:06}-ABCDEFGH-IJKLMNOP-QR" for number in range(10_000))
    answer = post(desk.client, f"{GIFTS}/new", **NEW, codes=codes)
    assert answer.status_code == 303
    assert "10,000 codes added" in check_page(desk.client.get(answer.location))
    (stock,), _ = known(desk.shop)
    second = check_page(desk.client.get(f"{GIFTS}/{stock.public_id}?after=nonsense"))
    assert "after=" in second


def test_another_business_sees_no_stock_and_fills_none(desk: Desk) -> None:
    other = fill_stock(open_shop("Old Books"), "GIFT-0001")
    path = f"{GIFTS}/{other.public_id}"
    assert desk.client.get(path).status_code == 404
    assert post(desk.client, f"{path}/codes", codes="GIFT-0002").status_code == 404
    assert post(desk.client, f"{path}/warning", low_at="1").status_code == 404
    assert "Book voucher" not in check_page(desk.client.get(GIFTS))


def test_who_may_only_look_sees_no_form(desk: Desk) -> None:
    stock = fill_stock(desk.shop, "GIFT-0001")
    desk.become(Role.SUPPORT)
    page = check_page(desk.client.get(f"{GIFTS}/{stock.public_id}"))
    assert "Add codes" not in page
    assert desk.client.get(f"{GIFTS}/new").status_code == 403
