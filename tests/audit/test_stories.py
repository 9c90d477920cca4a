"""The auditor finds nothing wrong with what the journey did."""

from flask import Flask
from sqlalchemy import select

from referral.domain.reports.auditor import audit
from referral.domain.rewards import Reward
from referral.foundation.db import session
from tests.audit.stories import tell


def states() -> set[tuple[str, str | None]]:
    query = select(Reward.state, Reward.reason).execution_options(across_businesses=True)
    return {(state, reason) for state, reason in session.execute(query)}


def test_the_stories_break_no_promise(app: Flask) -> None:
    town = tell()
    report = audit(town.coffee.now)
    assert [str(found) for found in report.violations] == []
    assert report.broken == set()
    assert set(report.counts) == set(report.promises)


def test_the_stories_reach_every_corner(app: Flask) -> None:
    tell()
    assert {state for state, _ in states()} >= {
        "pending",
        "granted",
        "reversed",
        "denied",
        "cancelled",
    }
    assert {reason for _, reason in states()} >= {
        "budget_reached",
        "cap_reached",
        "refunded",
        "The same household.",
    }
