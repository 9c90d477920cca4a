"""The auditor finds nothing wrong with what the journey did."""

from flask import Flask
from sqlalchemy import select

from referral.domain.reports.auditor import audit
from referral.domain.reports.auditor.promises import PROMISES
from referral.domain.rewards import Reward
from referral.foundation.db import session
from tests.audit.planted import LATER


def states() -> set[tuple[str, str | None]]:
    query = select(Reward.state, Reward.reason).execution_options(across_businesses=True)
    return {(state, reason) for state, reason in session.execute(query)}


def test_the_stories_break_no_promise(told: Flask) -> None:
    report = audit(LATER)
    assert [str(found) for found in report.violations] == []
    assert report.counts == dict.fromkeys(PROMISES, 0)


def test_the_stories_reach_every_corner(told: Flask) -> None:
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
