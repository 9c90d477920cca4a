"""A worker that dies while credit becomes something else: it is done whole, once."""

from pathlib import Path

from flask import Flask

from tests.crash.processes import KILLED_BY_ITSELF, Crew
from tests.crash.scenes import PAST_LEASE_S
from tests.stories.test_fallbacks import TWO_WEEKS_S, acts, alices, earned
from tests.stories.trade import assert_clean, later
from tools.practice_stripe import PracticeStripe

A_MINUTE_S = 60


def test_f4_killed_while_credit_becomes_something_else(
    app: Flask, practice: PracticeStripe, crew: Crew, tmp_path: Path
) -> None:
    trade, alice = earned(app, practice)
    ahead_s = TWO_WEEKS_S + A_MINUTE_S
    mark = tmp_path / "mark"
    worker = crew.worker(FAILPOINT=f"CP5:once={mark}", CLOCK_OFFSET_S=ahead_s)
    assert worker.wait() == KILLED_BY_ITSELF, worker.said
    assert alices(trade) == ("account_credit", "approved")
    with later(ahead_s + PAST_LEASE_S):
        trade.work()
    assert alices(trade) == ("store_credit", "granted")
    assert acts(trade) == {("credit", "failed", None), ("store_credit", "done", None)}
    assert trade.credits_of(alice) == []
    assert_clean()
