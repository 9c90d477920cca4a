"""What a gift server says later: it counts once, and only from the business whose gift it is."""

from typing import Any

import pytest
from sqlalchemy import func, select

from referral.domain.businesses import within
from referral.domain.rewards import Grant
from referral.domain.rewards.ledger import LedgerTransaction
from referral.foundation.db import session
from tests.cast import open_shop
from tests.gift_server import CUT_BEFORE
from tests.gifts.conftest import Counter

SAID = {"status": "fulfilled", "reference": "parcel-7", "code": "TEA-1234", "note": "By post"}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"status": "fulfilled"}, "reference"),
    ({"status": "fulfilled", "reference": "x" * 61}, "reference"),
    ({"status": "fulfilled", "reference": "a", "reason": "Why"}, "reason"),
    ({"status": "refused"}, "reason"),
    ({"status": "refused", "reason": "No.", "code": "TEA-1"}, "code"),
    ({"status": "accepted"}, "status"),
    ({"reference": "a"}, "status"),
    ({"status": "fulfilled", "reference": "a", "codes": []}, "codes"),
]
UNKNOWN = f"grt_{'0' * 26}"


@pytest.fixture
def accepted(counter: Counter) -> Counter:
    """A gift that the server has accepted."""
    counter.hand_in()
    return counter


def granted(counter: Counter) -> int:
    with within(counter.shop.business.id):
        query = select(func.count()).select_from(LedgerTransaction)
        return int(session.scalar(query.where(LedgerTransaction.kind == "grant")) or 0)


def test_a_confirmation_grants_and_the_same_again_changes_nothing(accepted: Counter) -> None:
    grant = accepted.grant().public_id
    first = accepted.confirm(grant, **SAID)
    again = accepted.confirm(grant, **SAID)
    assert (first.status_code, again.get_json()) == (200, first.get_json())
    told = first.get_json()
    assert (told["status"], told["has_code"], "TEA-1234" in first.text) == (
        "fulfilled",
        True,
        False,
    )
    assert accepted.stands() == ("granted", "done", None)
    accepted.work(after_s=3 * 86_400)
    assert (granted(accepted), len(accepted.server.asked)) == (1, 1)
    with within(accepted.shop.business.id):
        assert accepted.grant().object_id == f"parcel-7:{grant}"


@pytest.mark.parametrize(
    "other",
    [
        {"status": "fulfilled", "reference": "parcel-8"},
        {"status": "refused", "reason": "Out of tea."},
    ],
)
def test_another_word_after_the_first_is_refused(accepted: Counter, other: dict[str, str]) -> None:
    grant = accepted.grant().public_id
    assert accepted.confirm(grant, **SAID).status_code == 200
    answer = accepted.confirm(grant, **other)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "gift_confirmed")
    assert accepted.reward().state == "granted"


def test_a_refusal_fails_the_reward_and_is_kept(accepted: Counter) -> None:
    grant = accepted.grant().public_id
    said = {"status": "refused", "reason": "Out of tea."}
    assert accepted.confirm(grant, **said).status_code == 200
    assert accepted.confirm(grant, **said).status_code == 200
    assert accepted.confirm(grant, **SAID).status_code == 409
    reward = accepted.reward()
    assert (reward.state, reward.reason) == ("failed", "Your server refused it: Out of tea.")
    assert granted(accepted) == 0


def test_another_business_cannot_confirm_it(accepted: Counter) -> None:
    grant = accepted.grant().public_id
    other = Counter(accepted.app, open_shop("Mallory's"), accepted.server)
    foreign, unknown = other.confirm(grant, **SAID), other.confirm(UNKNOWN, **SAID)
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.get_json()["code"] == unknown.get_json()["code"] == "not_found"
    assert accepted.stands() == ("granting", "sending", "confirmation")


def test_only_a_gift_that_was_asked_for_can_be_confirmed(counter: Counter) -> None:
    counter.earn()
    counter.set_server("http://127.0.0.1:9/gifts")
    counter.work()
    with within(counter.shop.business.id):
        other = session.scalars(select(Grant).where(Grant.operation != "gift_request")).first()
    assert other is not None
    assert counter.confirm(other.public_id, **SAID).status_code == 404


def test_a_word_that_comes_before_the_lost_answer_counts(counter: Counter) -> None:
    counter.server.troubles.append(CUT_BEFORE)
    counter.earn()
    counter.work()
    assert counter.confirm(counter.grant().public_id, **SAID).status_code == 200
    counter.work(after_s=600)
    assert (counter.stands(), len(counter.server.asked)) == (("granted", "done", None), 1)


def test_a_word_that_comes_while_the_request_is_open_counts_once(counter: Counter) -> None:
    def confirm_first(door: Any) -> None:
        asked = counter.server.asked[-1].said
        with counter.app.app_context():
            answer = counter.confirm(asked["data"]["id"], **SAID)
        door.send_response(answer.status_code)
        door.end_headers()
        door.wfile.write(b'{"status": "fulfilled", "reference": "parcel-7"}')

    counter.server.troubles.append(confirm_first)
    counter.earn()
    counter.work()
    assert counter.stands() == ("granted", "done", None)
    assert (granted(counter), counter.grant().details) == (1, {"reference": "parcel-7"})


def test_a_word_nobody_understands_names_the_field(accepted: Counter) -> None:
    grant = accepted.grant().public_id
    for said, field in WRONG:
        answer = accepted.confirm(grant, **said)
        assert answer.status_code == 422
        assert [one["field"] for one in answer.get_json()["errors"]] == [field]
    assert accepted.stands() == ("granting", "sending", "confirmation")
