"""The gift server's settings: set by owners, shown to all, tried out, and its secret shown once."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from referral.domain.businesses import GiftEndpoint, Role, within
from referral.domain.notices import Notice
from referral.foundation import clock
from referral.foundation.db import session
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post
from tests.gift_server import CUT_BEFORE, GiftServer, gift_server, is_signed
from tests.stories.trade import later

PAGE = "/console/settings/gift-server"


@pytest.fixture
def server() -> Iterator[GiftServer]:
    """The business's own server."""
    with gift_server() as running:
        yield running


def known(desk: Desk) -> GiftEndpoint:
    session.rollback()
    with within(desk.shop.business.id):
        return session.scalars(select(GiftEndpoint)).one()


def secret_in(page: str) -> str:
    return page.split('<code class="code-word">')[1].split("<", maxsplit=1)[0]


def set_up(desk: Desk, server: GiftServer) -> str:
    """Save the server's address and return the secret that is shown."""
    return secret_in(check_page(post(desk.client, PAGE, url=server.url)))


def test_the_secret_is_shown_once_and_every_owner_is_told(desk: Desk, server: GiftServer) -> None:
    assert "Not set" in check_page(desk.client.get(PAGE))
    secret = set_up(desk, server)
    page = check_page(desk.client.get(PAGE))
    assert (secret.startswith("whsec_"), secret in page) == (True, False)
    assert f"ends in {secret[-4:]}" in page
    endpoint = known(desk)
    assert (endpoint.url, secret in endpoint.sealed_secret) == (server.url, False)
    with within(desk.shop.business.id):
        (mail,) = session.scalars(select(Notice).where(Notice.kind == "gift_server_changed"))
        assert mail.content["to"] == "olive@shop.example"
        assert secret not in str(mail.content)


def test_a_new_address_keeps_the_secret(desk: Desk, server: GiftServer) -> None:
    set_up(desk, server)
    answer = post(desk.client, PAGE, url=f"{server.url}/new")
    assert (answer.status_code, known(desk).url) == (303, f"{server.url}/new")


@pytest.mark.parametrize(
    "url", ["", "shop.example", "http://shop.example/x", "https://a:b@shop.example/", "ftp://x"]
)
def test_an_address_nothing_is_sent_to_is_refused(desk: Desk, url: str) -> None:
    page = check_page(post(desk.client, PAGE, url=url), 422)
    assert "https://" in page
    with within(desk.shop.business.id):
        assert session.scalars(select(GiftEndpoint)).all() == []


def test_f55_for_a_day_both_secrets_sign(desk: Desk, server: GiftServer) -> None:
    before = set_up(desk, server)
    after = secret_in(check_page(post(desk.client, f"{PAGE}/secret")))
    check_page(post(desk.client, f"{PAGE}/test"))
    with later(86_400 + 60):
        assert known(desk).secrets_at(clock.now()) == [after]
    asked = server.asked[-1]
    assert (is_signed(asked, before), is_signed(asked, after)) == (True, True)


def test_a_secret_that_leaked_signs_no_more(desk: Desk, server: GiftServer) -> None:
    before = set_up(desk, server)
    after = secret_in(check_page(post(desk.client, f"{PAGE}/secret", secret_leaked="yes")))
    check_page(post(desk.client, f"{PAGE}/test"))
    asked = server.asked[-1]
    assert (is_signed(asked, before), is_signed(asked, after)) == (False, True)


def test_a_test_request_shows_what_came_back(desk: Desk, server: GiftServer) -> None:
    set_up(desk, server)
    server.troubles.append((401, {"why": "<b>wrong secret</b>"}))
    page = check_page(post(desk.client, f"{PAGE}/test"))
    assert "It answered 401." in page
    assert "&lt;b&gt;wrong secret" in page
    assert server.asked[0].said["type"] == "gift.test"
    server.troubles.append(CUT_BEFORE)
    assert "has no answer" in check_page(post(desk.client, f"{PAGE}/test"))


def test_removed_it_is_forgotten_with_both_secrets_and_every_owner_is_told(
    desk: Desk, server: GiftServer
) -> None:
    before = set_up(desk, server)
    post(desk.client, f"{PAGE}/secret")
    unsure = check_page(post(desk.client, f"{PAGE}/remove"), 422)
    assert 'href="#f-sure"' in unsure
    assert known(desk).sealed_secret_before is not None
    assert post(desk.client, f"{PAGE}/remove", sure="yes").status_code == 303
    page = check_page(desk.client.get(PAGE))
    assert ("Not set" in page, "Remove it" in page) == (True, False)
    with within(desk.shop.business.id):
        assert session.scalars(select(GiftEndpoint)).all() == []
        mails = session.scalars(
            select(Notice).where(Notice.kind == "gift_server_changed").order_by(Notice.id)
        ).all()
        assert len(mails) == 3
        assert "was removed" in str(mails[-1].content)
        assert "are asked for there" not in str(mails[-1].content)
    record = check_page(desk.client.get("/console/audit"))
    assert "Removed the gift server" in record
    assert f"Address: {server.url}" in record
    assert set_up(desk, server) != before
    assert known(desk).sealed_secret_before is None


def test_only_owners_change_it_and_managers_try_it(desk: Desk, server: GiftServer) -> None:
    set_up(desk, server)
    desk.become(Role.MANAGER)
    assert post(desk.client, PAGE, url=server.url).status_code == 403
    assert post(desk.client, f"{PAGE}/secret").status_code == 403
    assert post(desk.client, f"{PAGE}/remove", sure="yes").status_code == 403
    check_page(post(desk.client, f"{PAGE}/test"))
    desk.become(Role.VIEWER)
    assert post(desk.client, f"{PAGE}/test").status_code == 403
    assert "Send a test request" not in check_page(desk.client.get(PAGE))


def test_without_a_server_there_is_nothing_to_try(desk: Desk) -> None:
    assert post(desk.client, f"{PAGE}/test").status_code == 404
    assert post(desk.client, f"{PAGE}/secret").status_code == 404
    assert post(desk.client, f"{PAGE}/remove", sure="yes").status_code == 404
