"""Staff say what became of a gift that the business's own server took: once, and for good."""

from collections.abc import Iterator

import pytest
from flask import Flask

from referral.domain.businesses import Role, within
from referral.domain.businesses.audit import AuditEntry
from referral.domain.programs import Fulfilment
from referral.domain.rewards.gift_confirmations import confirmation_of
from referral.foundation import clock
from referral.foundation.db import session
from tests.cast import Shop, gift, open_shop
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post
from tests.gift_server import CUT_BEFORE, gift_server
from tests.gifts.conftest import Counter
from tests.stories.trade import assert_clean

GIVEN = {"status": "fulfilled", "reference": "parcel-7", "code": "TEA-1234", "note": "By post"}
SERVER = "/console/settings/gift-server"
NOT_GIVEN = {"status": "refused", "not_given_because": "Out of tea."}


@pytest.fixture
def shop(app: Flask) -> Shop:
    """A shop whose own server gives its gifts."""
    terms = gift(fulfilment=Fulfilment.WEBHOOK)
    return open_shop(advocate=terms, hold_days=0, at=clock.now())


@pytest.fixture
def counter(app: Flask, desk: Desk) -> Iterator[Counter]:
    """The shop with its gift server; the books end clean."""
    with gift_server() as server:
        found = Counter(app, desk.shop, server)
        found.set_server()
        yield found
        assert_clean()


@pytest.fixture
def accepted(counter: Counter) -> Counter:
    """A gift that the server has accepted."""
    counter.hand_in()
    return counter


def page_of(counter: Counter) -> str:
    return f"/console/rewards/{counter.reward().public_id}"


def told(desk: Desk) -> list[tuple[str, str, object]]:
    """Return what the record says of confirmed gifts."""
    session.remove()
    with within(desk.shop.business.id):
        found = session.query(AuditEntry).filter_by(action="gift.confirmed").all()
        return [(one.actor_name, one.actor_kind, one.details) for one in found]


def test_given_grants_it_with_its_reference_and_tells_the_record(
    desk: Desk, accepted: Counter
) -> None:
    page = page_of(accepted)
    assert "What became of the gift" in check_page(desk.client.get(page))
    answer = post(desk.client, f"{page}/gift", **GIVEN)
    assert (answer.status_code, answer.location) == (303, page)
    assert accepted.stands() == ("granted", "done", None)
    shown = check_page(desk.client.get(page))
    assert ("parcel-7" in shown, "By post" in shown, "TEA-1234" in shown) == (True, True, False)
    assert "What became of the gift" not in shown
    assert f"parcel-7:{accepted.grant().public_id}" not in shown
    assert "Object at Stripe" not in shown
    assert "Alice" in check_page(desk.client.get("/console/people?q=parcel-7"))
    said = {"status": "fulfilled", "reference": "parcel-7"}
    assert told(desk) == [("Olive", "operator", said)]
    assert "What became of it: given" in check_page(desk.client.get("/console/audit"))
    with within(desk.shop.business.id):
        known = confirmation_of(accepted.reward().id)
        assert known is not None
        assert known.text == "TEA-1234"
    accepted.work(after_s=3 * 86_400)
    assert len(accepted.server.asked) == 1


def test_code_and_note_may_be_left_out(desk: Desk, accepted: Counter) -> None:
    typed = {"status": "fulfilled", "reference": "parcel-7", "code": "", "note": ""}
    assert post(desk.client, f"{page_of(accepted)}/gift", **typed).status_code == 303
    assert (
        accepted.confirm(
            accepted.grant().public_id, status="fulfilled", reference="parcel-7"
        ).status_code
        == 200
    )


def test_not_given_fails_it_with_the_reason(desk: Desk, accepted: Counter) -> None:
    page = page_of(accepted)
    assert post(desk.client, f"{page}/gift", **NOT_GIVEN).status_code == 303
    reward = accepted.reward()
    assert (reward.state, reward.reason) == ("failed", "It was not given: Out of tea.")
    said = {"status": "refused", "reference": None, "reason": "Out of tea."}
    assert told(desk) == [("Olive", "operator", said)]
    shown = check_page(desk.client.get(page))
    assert ("Issue again" in shown, "Stripe refused" in shown) == (True, False)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"status": "fulfilled"}, "reference"),
        ({"status": "fulfilled", "reference": "two words"}, "reference"),
        ({"status": "fulfilled", "reference": "a", "code": "x" * 201}, "code"),
        ({"status": "fulfilled", "reference": "a", "note": "x" * 201}, "note"),
        ({"status": "refused"}, "not_given_because"),
        ({"reference": "parcel-7"}, "status"),
    ],
)
def test_what_is_missing_or_too_long_is_said_beside_its_field(
    desk: Desk, accepted: Counter, typed: dict[str, str], field: str
) -> None:
    page = check_page(post(desk.client, f"{page_of(accepted)}/gift", **typed), 422)
    assert f'href="#f-{field}"' in page
    assert accepted.stands() == ("granting", "sending", "confirmation")


def test_the_same_word_again_is_no_news_and_another_is_refused(
    desk: Desk, accepted: Counter
) -> None:
    page = page_of(accepted)
    said = {"status": "fulfilled", "reference": "parcel-7", "code": "TEA-1234", "note": "By post"}
    assert accepted.confirm(accepted.grant().public_id, **said).status_code == 200
    assert post(desk.client, f"{page}/gift", **GIVEN).status_code == 303
    refused = check_page(post(desk.client, f"{page}/gift", **NOT_GIVEN), 409)
    assert "Something else was said of this gift before" in refused
    assert (accepted.reward().state, len(told(desk))) == ("granted", 1)


def test_a_gift_the_server_is_still_asked_for_is_not_decided_here(
    desk: Desk, counter: Counter
) -> None:
    counter.server.troubles.append(CUT_BEFORE)
    counter.earn()
    counter.work()
    page = page_of(counter)
    assert "What became of the gift" not in check_page(desk.client.get(page))
    refused = check_page(post(desk.client, f"{page}/gift", **NOT_GIVEN), 409)
    assert "not waiting for a confirmation" in refused
    assert counter.stands() == ("granting", "sending", "endpoint_away")


def test_without_a_server_gifts_wait_for_staff_or_for_one_set_anew(
    desk: Desk, counter: Counter
) -> None:
    counter.server.troubles.append(CUT_BEFORE)
    counter.earn()
    counter.work()
    assert "One gift waits at this moment." in check_page(desk.client.get(SERVER))
    assert post(desk.client, f"{SERVER}/remove", sure="yes").status_code == 303
    counter.work()
    assert counter.stands() == ("granting", "sending", "no_endpoint")
    page = check_page(desk.client.get(page_of(counter)))
    assert "No server of yours is set" in page
    assert "What became of the gift" in page
    assert "whsec_" in check_page(post(desk.client, SERVER, url=counter.server.url))
    counter.work()
    assert counter.stands() == ("granted", "done", None)
    assert (len(counter.server.asked), len(counter.server.ids)) == (2, 1)


def test_managers_say_it_and_nobody_below(desk: Desk, accepted: Counter) -> None:
    page = page_of(accepted)
    for role in (Role.VIEWER, Role.SUPPORT, Role.FINANCE):
        desk.become(role)
        assert "What became of the gift" not in check_page(desk.client.get(page))
        assert post(desk.client, f"{page}/gift", **GIVEN).status_code == 403
    desk.become(Role.MANAGER)
    assert post(desk.client, f"{page}/gift", **GIVEN).status_code == 303


def test_a_reward_that_is_no_such_gift_has_nothing_to_confirm(desk: Desk) -> None:
    unknown = f"/console/rewards/rwd_{'0' * 26}/gift"
    assert post(desk.client, unknown, **GIVEN).status_code == 404
