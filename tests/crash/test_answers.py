"""Lost, late and stored answers of Stripe lead to exactly one object (F-5 to F-9)."""

from signal import SIGTERM

import pytest

from referral.domain.rewards import Grant
from referral.foundation.db import session
from referral.gateways.stripe import client
from tests.crash.processes import KILLED_BY_ITSELF, Crew, until
from tests.crash.scenes import assert_granted_once, count_rewards, credit_calls, earn
from tests.stories.trade import A_WHILE_S, Trade, later

DAY_S = 25 * 3600


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up on Stripe after half a second."""
    monkeypatch.setattr(client, "TIMEOUT_S", (0.5, 0.5))


def fault(trade: Trade, kind: str, **terms: object) -> None:
    trade.practice.fault(kind, "POST", pattern="/balance_transactions$", **terms)


def keys(trade: Trade) -> list[object]:
    return [one["key"] for one in credit_calls(trade)]


def attempts(trade: Trade) -> list[tuple[int, str]]:
    query = session.query(Grant).order_by(Grant.attempt)
    found = [(one.attempt, one.state) for one in query.execution_options(across_businesses=True)]
    session.remove()
    return found


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("kind", ["hang_after", "reset_after"])
def test_f5_no_answer_though_it_happened(trade: Trade, kind: str) -> None:
    alice = earn(trade)
    fault(trade, kind)
    trade.settle()
    assert_granted_once(trade, alice)
    assert [one["replayed"] for one in credit_calls(trade)] == [False, True]
    assert len(set(keys(trade))) == 1


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("kind", ["hang_before", "reset_before", "refuse"])
def test_f6_no_answer_and_nothing_happened(trade: Trade, kind: str) -> None:
    alice = earn(trade)
    fault(trade, kind)
    trade.settle()
    assert_granted_once(trade, alice)
    assert [one["replayed"] for one in credit_calls(trade)] == [False, False]
    assert len(set(keys(trade))) == 1


def test_f7_a_stored_error_that_left_nothing_opens_the_next_attempt(trade: Trade) -> None:
    alice = earn(trade)
    fault(trade, "500_stored")
    trade.settle()
    assert_granted_once(trade, alice)
    assert attempts(trade) == [(1, "replaced"), (2, "done")]
    assert len(set(keys(trade))) == 2


def test_f7_a_stored_error_that_had_its_effect_is_adopted(trade: Trade) -> None:
    alice = earn(trade)
    fault(trade, "500_stored_after_effect")
    trade.settle()
    assert_granted_once(trade, alice)
    assert attempts(trade) == [(1, "done")]
    assert len(keys(trade)) == 1


def test_f8_a_forgotten_key_is_not_sent_again(trade: Trade, crew: Crew) -> None:
    alice = earn(trade)
    worker = crew.worker(FAILPOINT="CP3")
    assert worker.wait() == KILLED_BY_ITSELF, worker.said
    trade.practice.forget_keys()
    with later(DAY_S):
        trade.work()
    assert_granted_once(trade, alice)
    assert len(keys(trade)) == 1


def test_f8_a_forgotten_key_that_left_nothing_is_followed_by_another(
    trade: Trade, crew: Crew
) -> None:
    alice = earn(trade)
    worker = crew.worker(FAILPOINT="CP2")
    assert worker.wait() == KILLED_BY_ITSELF, worker.said
    trade.practice.forget_keys()
    with later(DAY_S):
        trade.work()
        trade.work()
    assert_granted_once(trade, alice)
    assert attempts(trade) == [(1, "replaced"), (2, "done")]


def test_f9_a_busy_stripe_is_asked_again_until_all_are_granted(trade: Trade, crew: Crew) -> None:
    count = 16
    alice = earn(trade, count)
    trade.practice.limit(4)
    started = [crew.worker(threads=4), crew.worker(threads=4, CLOCK_OFFSET_S=A_WHILE_S)]
    until(lambda: count_rewards(trade, "granted") == count, "all are granted", alive=started[1])
    for worker in started:
        worker.send(SIGTERM)
        assert worker.wait() == 0, worker.said
    trade.practice.limit(None)
    assert_granted_once(trade, alice, count)
    assert any(one["status"] == 429 for one in credit_calls(trade))
