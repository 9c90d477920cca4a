"""Finds what is due, claims it, has it done, and says what went wrong; rows are the queue.

Any number of workers on any number of machines may run: a claim is one conditional update.
"""

from __future__ import annotations

import signal
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from flask import Flask
from prometheus_client import Counter
from sqlalchemy.exc import DBAPIError

from referral.domain.rewards import CreditLot, Grant, Reward
from referral.domain.rewards.awaiting import AwaitedRate
from referral.domain.rewards.qualifying import Qualification
from referral.domain.rewards.recovering import Recovery, beat
from referral.foundation import clock, due, failpoints
from referral.foundation.db import session, transaction
from referral.gateways.stripe import EventPoll, StripeEvent
from referral.worker import (
    counting,
    credit,
    event_polls,
    grants,
    recovering,
    rewards,
    stripe_events,
    tidying,
)

THREADS = 4
"""Most of a grant is waiting for Stripe: four threads give about twice as many a second as two."""
BEAT_EVERY = timedelta(minutes=1)
IDLE_S = 0.3
"""How long to wait when nothing is due: an idle look is one indexed query for each kind."""

log = structlog.get_logger("referral.worker")
_DONE = Counter("referral_work_total", "Work done by kind and how it ended", ["kind", "outcome"])


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of due rows and the function that does one of them.

    What is endless comes again and again, and is never given up.
    """

    name: str
    model: type[Any]
    do: Callable[[uuid.UUID, uuid.UUID], None]
    is_endless: bool = False


def kinds() -> list[Work]:
    """Return every kind of work, the most urgent first."""
    from referral.domain.notices import Notice
    from referral.domain.reports.audits import AuditRun
    from referral.domain.reports.reconciliations import Reconciliation
    from referral.worker import audits, notices, reconciling

    return [
        Work("notice", Notice, notices.send),
        Work("stripe_event", StripeEvent, stripe_events.read_event),
        Work("awaited_rate", AwaitedRate, counting.judge),
        Work("qualification", Qualification, counting.count),
        Work("reward", Reward, rewards.ripen_reward),
        Work("grant", Grant, grants.send_grant),
        Work("credit_lot", CreditLot, credit.look),
        Work("event_poll", EventPoll, event_polls.look, is_endless=True),
        Work("recovery", Recovery, recovering.recover, is_endless=True),
        Work("audit_run", AuditRun, audits.audit_books),
        Work("reconciliation", Reconciliation, reconciling.compare, is_endless=True),
    ]


def run(app: Flask, *, threads: int = THREADS) -> None:
    """Work until TERM or INT, then finish what is in hand and return."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    crew = [
        threading.Thread(target=_work_until, args=(app, stopping), name=f"worker-{number}")
        for number in range(threads)
    ]
    while not _beat(app) and not stopping.wait(1.0):
        continue
    for one in crew:
        one.start()
    tidy_at = beat_at = clock.now()
    while not stopping.wait(0.5):
        if clock.now() >= beat_at + BEAT_EVERY:
            _beat(app)
            beat_at = clock.now()
        if clock.now() >= tidy_at:
            _tidy(app)
            tidy_at = clock.now() + tidying.EVERY
    for one in crew:
        one.join(timeout=25)


def work_all(*, rounds: int = 100) -> int:
    """Do everything that is due now, in this thread; returns how many rows were worked."""
    total = 0
    for _ in range(rounds):
        done = sum(_work_kind(kind) for kind in kinds())
        total += done
        if not done:
            break
    return total


def work_one(kind: Work, key: uuid.UUID) -> bool:
    """Claim one row and do its work; False when another worker was quicker."""
    with transaction():
        token = due.claim(kind.model, key, at=clock.now())
    if token is None:
        return False
    failpoints.reached("CP0")
    try:
        kind.do(key, token)
        outcome = "done"
    except due.LeaseLost:
        outcome = "lease_lost"
        log.warning("lease_lost", kind=kind.name)
    except Exception as error:  # The loop goes on whatever a row does; the reason is kept.
        outcome = "failed"
        _give_back(kind, key, token, error)
    _DONE.labels(kind.name, outcome).inc()
    return True


def _beat(app: Flask) -> bool:
    """Note that we are at work, before anything is done: after a silence all look first (F-40)."""
    try:
        with app.app_context(), transaction():
            silence = beat(at=clock.now())
    except DBAPIError as error:
        log.error("storage_failed", kind=type(error.orig).__name__)
        return False
    if silence is not None:
        log.warning("reconciling_first", silent_for=str(silence))
    return True


def _tidy(app: Flask) -> None:
    """Forget what has served; when that fails it is tried again in an hour."""
    try:
        with app.app_context():
            tidying.tidy(at=clock.now())
    except DBAPIError as error:
        log.error("not_tidied", kind=type(error.orig).__name__)


def _work_until(app: Flask, stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            with app.app_context():
                worked = sum(_work_kind(kind, stopping) for kind in kinds())
        except DBAPIError as error:
            log.error("storage_failed", kind=type(error.orig).__name__)
            worked = 0
            stopping.wait(1.0)
        except Exception as error:  # A thread that ends here would leave its work undone for good.
            log.error("loop_failed", exc_info=error)
            worked = 0
            stopping.wait(1.0)
        if not worked:
            stopping.wait(IDLE_S)


def _work_kind(kind: Work, stopping: threading.Event | None = None) -> int:
    keys = due.due_ids(kind.model, at=clock.now(), limit=20)
    session.commit()
    worked = 0
    for key in keys:
        if stopping is not None and stopping.is_set():
            break
        worked += work_one(kind, key)
        session.remove()
    return worked


def _give_back(kind: Work, key: uuid.UUID, token: uuid.UUID, error: Exception) -> None:
    """Postpone a row that failed, in a transaction of its own (F-23)."""
    session.rollback()
    log.error("work_failed", kind=kind.name, error=type(error).__name__, exc_info=error)
    try:
        with transaction():
            row = session.get_one(kind.model, key, execution_options={"across_businesses": True})
            reason = f"{type(error).__name__}: {_in_a_line(error)}"
            due.fail(row, token, at=clock.now(), reason=reason, for_good=not kind.is_endless)
    except (due.LeaseLost, DBAPIError):
        session.rollback()


def _in_a_line(error: Exception) -> str:
    """Return what an error says; of a database's neither the statement nor the row."""
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    return said.splitlines()[0] if said else ""
