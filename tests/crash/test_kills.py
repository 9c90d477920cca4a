"""Wherever a worker dies in a grant: one object, one move of money (F-1 to F-4)."""

from pathlib import Path

import pytest

from tests.crash.processes import KILLED_BY_ITSELF, Crew
from tests.crash.scenes import PAST_LEASE_S, assert_granted_once, credit_calls, earn
from tests.stories.trade import Trade, later

CALLS = {"CP0": 1, "CP1": 1, "CP2": 1, "CP3": 2, "CP4": 2, "CP5": 2, "CP6": 1}
"""How often Stripe is asked in all: a second time where the first answer was not booked."""


def dies_at(place: str, crew: Crew, mark: Path) -> None:
    """Let a worker run until it dies at a named place."""
    worker = crew.worker(FAILPOINT=f"{place}:once={mark}")
    assert worker.wait() == KILLED_BY_ITSELF, worker.said


def resumed(place: str, trade: Trade, crew: Crew, tmp_path: Path) -> None:
    """Kill a worker at a place, let another take over, and check that nothing is lost or double."""
    alice = earn(trade)
    dies_at(place, crew, tmp_path / "mark")
    trade.work()
    with later(PAST_LEASE_S):
        trade.work()
    assert_granted_once(trade, alice)
    calls = credit_calls(trade)
    assert len(calls) == CALLS[place]
    assert len({one["key"] for one in calls}) == 1


def test_f1_killed_with_a_fresh_claim(trade: Trade, crew: Crew, tmp_path: Path) -> None:
    resumed("CP0", trade, crew, tmp_path)


@pytest.mark.parametrize("place", ["CP1", "CP2"])
def test_f2_killed_before_the_call(trade: Trade, crew: Crew, tmp_path: Path, place: str) -> None:
    resumed(place, trade, crew, tmp_path)


@pytest.mark.parametrize("place", ["CP3", "CP4"])
def test_f3_killed_after_the_effect(trade: Trade, crew: Crew, tmp_path: Path, place: str) -> None:
    resumed(place, trade, crew, tmp_path)


@pytest.mark.parametrize("place", ["CP5", "CP6"])
def test_f4_killed_while_booking_the_answer(
    trade: Trade, crew: Crew, tmp_path: Path, place: str
) -> None:
    resumed(place, trade, crew, tmp_path)
