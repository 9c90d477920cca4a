"""Sites, keys, Stripe, the team and the record."""

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import inspect, select
from werkzeug.test import TestResponse

from config import ROOT
from referral.domain.businesses import (
    ApiKey,
    Membership,
    Role,
    Site,
    business_of_key,
    within,
)
from referral.domain.businesses.audit import AuditEntry
from referral.domain.businesses.keys import KeyKind
from referral.domain.notices import Notice
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.ids import new_key
from referral.worker.letters import write
from tests.cast import Shop, open_shop
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post
from tests.databases import wait_for_the_other
from tests.docs.markdown import blocks

SETTINGS = "/console/settings"


def all_of(desk: Desk, kind: type) -> list:
    with within(desk.shop.business.id):
        return list(session.scalars(select(kind).order_by(kind.id)))


def actions(desk: Desk) -> list[str]:
    return [entry.action for entry in all_of(desk, AuditEntry)][1:]


def post_while_making(desk: Desk, row: ApiKey | Site, path: str, **typed: object) -> TestResponse:
    """Send a form while somebody else makes the same row, and they come first."""

    def sent() -> TestResponse:
        with desk.client.application.app_context():
            return post(desk.client, path, **typed)

    with ThreadPoolExecutor(1) as pool:
        with within(desk.shop.business.id), transaction():
            session.add(row)
            session.flush()
            answer = pool.submit(sent)
            wait_for_the_other(answer)
        return answer.result()


def test_a_site_is_added_and_removed_but_the_own_one_stays(desk: Desk) -> None:
    post(desk.client, f"{SETTINGS}/sites", site_url="https://Other.example:8443/page")
    assert "https://other.example:8443" in check_page(desk.client.get(SETTINGS))
    own, other = all_of(desk, Site)
    assert post(desk.client, f"{SETTINGS}/sites/{other.id}/remove").status_code == 303
    refused = check_page(post(desk.client, f"{SETTINGS}/sites/{own.id}/remove"), 409)
    assert "This is your own site&#39;s address. It stays." in refused
    assert "<title>Business ·" in refused
    assert [site.origin for site in all_of(desk, Site)] == ["https://shop.example"]
    assert actions(desk) == ["site.added", "site.removed"]


@pytest.mark.parametrize("url", ["", "shop", "ftp://shop.example", "https://a b", "https://u@h/"])
def test_what_is_no_site_is_said_beside_its_field(desk: Desk, url: str) -> None:
    text = check_page(post(desk.client, f"{SETTINGS}/sites", site_url=url), 422)
    assert 'id="e-site_url"' in text
    assert len(all_of(desk, Site)) == 1


def test_the_lines_to_copy_are_those_of_the_widgets_manual(desk: Desk) -> None:
    manual = blocks(ROOT / "docs/widget.md", "html")[0].text.strip()
    text = check_page(desk.client.get(f"{SETTINGS}/keys"))
    shown = [re.search(r"<pre[^>]*><code>(.*?)</code>", text, re.DOTALL)]
    shown.append(re.search(r'data-copy="(<script[^"]*|&lt;script[^"]*)"', text, re.DOTALL))
    for one in shown:
        lines = re.sub(r"https?://[^/]+", "", unescape(one[1]))
        assert lines == re.sub(r"https?://[^/]+", "", manual)


@pytest.mark.parametrize("kind", KeyKind)
def test_a_key_is_shown_once_and_revoked_at_once(desk: Desk, kind: KeyKind) -> None:
    path = f"{SETTINGS}/keys"
    text = check_page(post(desk.client, path, path, kind=kind, name="Shop server"))
    whole = re.search(r">([sp]k_[A-Za-z0-9_-]{20,})<", text)[1]
    assert business_of_key(whole, kind).id == desk.shop.business.id
    (key,) = all_of(desk, ApiKey)
    assert (key.made_by,) == inspect(desk.operator).identity
    listed = check_page(desk.client.get(path))
    assert whole not in listed
    assert whole[-4:] in listed
    assert post(desk.client, f"{path}/{key.id}/revoke").location == path
    assert business_of_key(whole, kind) is None
    assert "Revoked" in desk.client.get(path).text
    assert actions(desk) == ["key.issued", "key.revoked"]
    assert whole not in desk.client.get("/console/audit").text


def test_a_form_that_is_sent_again_makes_no_second_key(desk: Desk) -> None:
    path = f"{SETTINGS}/keys"
    once = re.search(r'name="once" value="([^"]+)"', desk.client.get(path).text)[1]
    first = post(desk.client, path, kind="secret", name="Server", once=once)
    again = post(desk.client, path, kind="secret", name="Server", once=once)
    assert (first.status_code, again.status_code) == (200, 303)
    assert len(all_of(desk, ApiKey)) == 1


def test_a_form_that_is_sent_twice_in_one_moment_makes_one_key(desk: Desk) -> None:
    once, business_id, at = new_key(), desk.shop.business.id, clock.now()
    kept = {"kind": "secret", "lookup": "abcdefghijkl", "digest": "0" * 64, "last_four": "0000"}
    row = ApiKey(id=once, business_id=business_id, name="Server", created_at=at, **kept)
    typed = {"kind": "secret", "name": "Server", "once": once}
    answer = post_while_making(desk, row, f"{SETTINGS}/keys", **typed)
    assert (answer.status_code, answer.location) == (303, f"{SETTINGS}/keys")
    assert len(all_of(desk, ApiKey)) == 1


def test_a_site_that_two_add_in_one_moment_is_there_once(desk: Desk) -> None:
    origin, at = "https://other.example", clock.now()
    row = Site(business_id=desk.shop.business.id, origin=origin, created_at=at)
    answer = post_while_making(desk, row, f"{SETTINGS}/sites", site_url=origin)
    assert (answer.status_code, answer.location) == (303, SETTINGS)
    assert [site.origin for site in all_of(desk, Site)] == ["https://shop.example", origin]


def test_a_key_needs_a_name_and_a_kind(desk: Desk) -> None:
    text = check_page(post(desk.client, f"{SETTINGS}/keys", kind="master", name=""), 422)
    assert 'id="e-name"' in text
    assert 'id="e-kind"' in text
    assert all_of(desk, ApiKey) == []


def test_a_foreign_key_is_not_found(desk: Desk, staff) -> None:
    other = staff(open_shop("Other Shop", at=clock.now()), "charlie", Role.OWNER)
    post(desk.client, f"{SETTINGS}/keys", kind="secret", name="Server")
    (key,) = all_of(desk, ApiKey)
    assert post(other, f"{SETTINGS}/keys/{key.id}/revoke").status_code == 404
    assert all_of(desk, ApiKey)[0].revoked_at is None


def test_somebody_is_invited_by_mail_alone(desk: Desk) -> None:
    path = f"{SETTINGS}/team"
    typed = {"email": "Max@shop.example", "name": "Max", "role": "support"}
    assert post(desk.client, path, path, **typed).location == path
    (notice,) = all_of(desk, Notice)
    said = notice.content
    assert (notice.kind, said["to"], said["role"], said["by"]) == (
        "team_invited",
        "max@shop.example",
        "support",
        "Olive",
    )
    assert re.fullmatch(r"http://localhost/console/set-up/[\w-]{40,}", said["url"])
    text = check_page(desk.client.get(path))
    assert "Invited" in text
    assert said["url"].rsplit("/", 1)[1] not in text
    check_page(post(desk.client, path, **typed), 422)
    check_page(post(desk.client, path, email="nonsense", role="support"), 422)
    check_page(post(desk.client, path, email="eve@shop.example", role="king"), 422)
    max_ = all_of(desk, Membership)[1].operator
    assert post(desk.client, f"{path}/{max_.public_id}/invite").status_code == 303
    assert len(all_of(desk, Notice)) == 2


def test_roles_change_and_members_leave_but_an_owner_stays(desk: Desk, staff) -> None:
    path = f"{SETTINGS}/team"
    max_browser = staff(desk.shop, "max", Role.MANAGER)
    olive, max_ = (member.operator.public_id for member in all_of(desk, Membership))
    assert max_browser.get("/console/programs/new").status_code == 200
    post(desk.client, f"{path}/{max_}/role", role="viewer")
    assert max_browser.get("/console/programs/new").status_code == 403
    post(desk.client, f"{path}/{max_}/remove")
    assert max_browser.get("/console").status_code == 403
    assert post(desk.client, f"{path}/{max_}/remove").status_code == 404
    for act, typed in (("role", {"role": "viewer"}), ("remove", {})):
        text = check_page(post(desk.client, f"{path}/{olive}/{act}", **typed), 409)
        assert "<title>Team ·" in text
        assert text.count("This is the only owner. Make somebody else an owner first.") == 2
        assert f'id="e-role-{olive}"' in text
        assert f'<option value="{typed.get("role", "owner")}" selected>' in text
    check_page(post(desk.client, f"{path}/{olive}/role", role="king"), 422)
    assert [member.role for member in all_of(desk, Membership)] == ["owner"]


def test_a_member_who_has_set_up_meanwhile_is_not_invited_again(desk: Desk) -> None:
    (olive,) = (member.operator.public_id for member in all_of(desk, Membership))
    path = f"{SETTINGS}/team"
    assert post(desk.client, f"{path}/{olive}/invite").location == path
    assert "Olive has set up their sign-in already." in desk.client.get(path).text
    assert all_of(desk, Notice) == []


def test_an_operator_of_two_businesses_switches_between_them(app: Flask, desk: Desk, staff) -> None:
    other = open_shop("Second Shop", at=clock.now())
    browser = staff(other, "olive", Role.VIEWER)
    assert "Corner Coffee" in browser.get("/console").text
    switch = "/console/account/business"
    assert post(browser, switch, business=other.business.public_id).location == "/console"
    assert "Second Shop" in browser.get("/console").text
    assert browser.get("/console/programs/new").status_code == 403
    third = open_shop("Third Shop", at=clock.now())
    assert post(browser, switch, business=third.business.public_id).status_code == 404
    assert post(browser, switch, business="nonsense").status_code == 404


def test_the_record_pages_by_number(desk: Desk) -> None:
    for number in range(55):
        post(desk.client, f"{SETTINGS}/sites", site_url=f"https://s{number}.example")
    first = check_page(desk.client.get("/console/audit"))
    assert "https://s54.example" in first
    assert "https://s0.example" not in first
    rest = check_page(desk.client.get("/console/audit?after=7"))
    assert "https://s0.example" in rest


def test_given_up_work_is_seen_and_tried_again(desk: Desk, shop: Shop) -> None:
    typed = {"email": "max@shop.example", "role": "support"}
    post(desk.client, f"{SETTINGS}/team", **typed)
    (notice,) = all_of(desk, Notice)

    with transaction():
        notice.dead_at, notice.last_error, notice.attempts = clock.now(), "No such mailbox.", 8
    assert "given up" in check_page(desk.client.get("/console"))
    work = check_page(desk.client.get("/console/work"))
    assert ("No such mailbox." in work, "Send a mail to max@shop.example" in work) == (True, True)
    retry = f"/console/work/mail/{notice.id}/retry"
    assert post(desk.client, retry, "/console/work").location == "/console/work"
    session.expire_all()
    assert (notice.dead_at, notice.attempts) == (None, 0)
    assert post(desk.client, retry).location == "/console/work"
    assert "under way again already, or done" in desk.client.get("/console/work").text
    assert actions(desk).count("work.retried") == 1
    assert post(desk.client, f"/console/work/nonsense/{notice.id}/retry").status_code == 404
    assert post(desk.client, retry.replace("mail", "grant")).status_code == 404


def test_the_invitation_reads_as_a_mail(app: Flask, desk: Desk) -> None:
    post(desk.client, f"{SETTINGS}/team", email="max@shop.example", role="support")
    (notice,) = all_of(desk, Notice)
    written = write(notice.kind, {**notice.content, "brand": "Corner Coffee", "site_url": ""})
    assert written.subject == "Olive invited you to Corner Coffee"
    assert notice.content["url"] in written.text
    assert f'href="{notice.content["url"]}"' in written.html


def test_where_days_begin_is_chosen_and_kept_in_the_record(desk: Desk) -> None:
    answer = post(desk.client, "/console/settings/time-zone", SETTINGS, time_zone="Europe/Berlin")
    assert answer.location == SETTINGS
    assert desk.shop.business.time_zone == "Europe/Berlin"
    page = check_page(desk.client.get(SETTINGS))
    assert '<option value="Europe/Berlin" selected>' in page
    entry = all_of(desk, AuditEntry)[-1]
    assert (entry.action, entry.details) == (
        "business.time_zone_set",
        {"time_zone": ["UTC", "Europe/Berlin"]},
    )


def test_a_place_nobody_knows_is_refused_beside_its_field(desk: Desk) -> None:
    answer = post(desk.client, "/console/settings/time-zone", SETTINGS, time_zone="Middle/Earth")
    assert answer.status_code == 422
    assert "Use a name such as Europe/Berlin." in answer.text
    assert desk.shop.business.time_zone == "UTC"
