"""How much work waits and what the last audit found: the same whichever process is asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from referral.domain.businesses import StripeConnection, across_businesses
from referral.domain.notices import Notice
from referral.domain.reports.audits import AuditRun, last_audit
from referral.domain.reports.reconciliations import Reconciliation, standing_of_all
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.awaiting import AwaitedRate
from referral.domain.rewards.qualifying import Qualification
from referral.domain.rewards.recovering import Recovery
from referral.foundation.db import session
from referral.gateways.stripe import EventPoll, StripeEvent
from referral.gateways.stripe.circuit import StripeCircuit

OVERDUE = timedelta(minutes=1)
LATELY = timedelta(minutes=15)
_KINDS: dict[str, type[Any]] = {
    "notice": Notice,
    "stripe_event": StripeEvent,
    "awaited_rate": AwaitedRate,
    "qualification": Qualification,
    "reward": Reward,
    "grant": Grant,
    "event_poll": EventPoll,
    "recovery": Recovery,
    "audit_run": AuditRun,
    "reconciliation": Reconciliation,
}


def backlog(*, at: datetime) -> bytes:
    """Return gauges of the work that is due, for Prometheus; one indexed query for each kind.

    What is scheduled for later is not counted. Without its database it says just that.
    """
    registry = CollectorRegistry()
    is_up = Gauge("referral_database_up", "Whether the database answers", registry=registry)
    rows = Gauge(
        "referral_work_due",
        "Work that is due, by kind and state",
        ["kind", "state"],
        registry=registry,
    )
    oldest = Gauge(
        "referral_work_oldest_seconds",
        "How long the oldest has been due",
        ["kind"],
        registry=registry,
    )
    try:
        for kind, model in _KINDS.items():
            dead, overdue, waiting, first = _counted(model, at)
            rows.labels(kind, "dead").set(dead)
            rows.labels(kind, "overdue").set(overdue)
            rows.labels(kind, "waiting").set(waiting)
            oldest.labels(kind).set((at - first).total_seconds() if first else 0)
        _add_last_audit(registry, at)
        _add_last_comparison(registry, at)
        _add_stripe(registry, at)
        is_up.set(1)
    except SQLAlchemyError:
        session.rollback()
        rows.clear()
        oldest.clear()
    return generate_latest(registry)


def _add_last_audit(registry: CollectorRegistry, at: datetime) -> None:
    """Tell what the last audit found, how old it is and how long it took; nothing before one."""
    last = last_audit()
    if last is None or last.ended_at is None:
        return
    for name, said, value in (
        ("violations", "Promises that the last audit found broken", last.violations),
        ("age_seconds", "How long ago the last audit ended", (at - last.ended_at).total_seconds()),
        ("duration_seconds", "How long the last audit took", last.took.total_seconds()),
    ):
        Gauge(f"referral_audit_{name}", said, registry=registry).set(value)


def _add_last_comparison(registry: CollectorRegistry, at: datetime) -> None:
    """Tell in how much we and Stripe differ, and how old the oldest last comparison is."""
    differences, ended_at = standing_of_all()
    if ended_at is None:
        return
    for name, said, value in (
        ("differences", "Differences the last comparisons with Stripe found", differences),
        ("age_seconds", "How long ago the oldest of them ended", (at - ended_at).total_seconds()),
    ):
        Gauge(f"referral_reconciliation_{name}", said, registry=registry).set(value)


def _add_stripe(registry: CollectorRegistry, at: datetime) -> None:
    """Tell how many businesses have trouble with Stripe, by which trouble."""
    for name, said, where in (
        ("left_alone", "whose Stripe does not answer", StripeCircuit.opened_at.is_not(None)),
        ("recovering", "that look before they send", Recovery.ended_at.is_(None)),
        ("refused", "whose events were refused", StripeConnection.refused_at > at - LATELY),
    ):
        query = select(func.count()).where(where).execution_options(**across_businesses())
        gauge = Gauge(f"referral_stripe_{name}", f"Businesses {said}", registry=registry)
        gauge.set(session.scalar(query) or 0)


def _counted(model: type[Any], at: datetime) -> tuple[int, int, int, datetime | None]:
    """Count what is dead, overdue and merely waiting, and find since when the oldest is due."""
    alive, late = model.dead_at.is_(None), model.due_at < at - OVERDUE
    query = (
        select(
            func.count().filter(~alive),
            func.count().filter(alive, late),
            func.count().filter(alive, ~late),
            func.min(model.due_at).filter(alive),
        )
        .where(model.due_at <= at)
        .execution_options(**across_businesses())
    )
    dead, overdue, waiting, first = session.execute(query).one()
    return dead, overdue, waiting, first
