"""A worker that dies while a code lapses: its worth comes back once."""

from pathlib import Path

from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import within
from referral.domain.programs import Program
from referral.domain.rewards import LedgerTransaction
from referral.foundation.db import session
from tests.crash.processes import KILLED_BY_ITSELF, Crew
from tests.crash.scenes import PAST_LEASE_S
from tests.stories.test_lapsing import DAY_S, FIXED, at_day, bobs, welcomed
from tests.stories.trade import Trade, assert_clean, later
from tools.practice_stripe import PracticeStripe


def stands(trade: Trade) -> tuple[int, int, int]:
    """Return what lapsed of bob's reward, what is committed, and how often money expired."""
    with within(trade.shop.business.id):
        expired_minor = bobs(trade).expired_minor
        committed_minor = session.get_one(Program, trade.shop.program.id).committed_minor
        query = select(LedgerTransaction.id).where(LedgerTransaction.kind == "expire")
        found = (expired_minor, committed_minor, len(session.scalars(query).all()))
    session.remove()
    return found


def test_f4_killed_while_a_code_lapses(
    app: Flask, practice: PracticeStripe, crew: Crew, tmp_path: Path
) -> None:
    trade, _ = welcomed(app, practice, FIXED)
    at_day(trade, 17)
    ahead_s = 32 * DAY_S
    worker = crew.worker(FAILPOINT=f"CP5:once={tmp_path / 'mark'}", CLOCK_OFFSET_S=ahead_s)
    assert worker.wait() == KILLED_BY_ITSELF, worker.said
    assert stands(trade) == (0, 500, 0)
    with later(ahead_s + PAST_LEASE_S):
        trade.work()
    assert stands(trade) == (500, 0, 1)
    assert_clean()
