"""Rows that are work: one lease at a time, patience, and an end (I-35 to I-37)."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from referral.domain.businesses import across_businesses
from referral.domain.notices import Notice, notify
from referral.foundation import due
from referral.foundation.db import session, transaction
from tests.cast import NOON, open_shop


@pytest.fixture
def notice(app: Flask) -> Iterator[Notice]:
    shop = open_shop()
    with transaction():
        notify(shop.business.id, "hello", to="bob@mail.example", once_key="1", at=NOON, said={})
    (key,) = due.due_ids(Notice, at=NOON)
    yield session.get_one(Notice, key, execution_options=across_businesses())


def claim(notice: Notice, minutes: float = 0) -> UUID | None:
    with transaction():
        token = due.claim(Notice, notice.id, at=NOON + timedelta(minutes=minutes))
        session.refresh(notice)
    return token


def test_a_row_that_is_claimed_is_not_due_until_its_lease_ends(notice: Notice) -> None:
    assert claim(notice) is not None
    assert claim(notice) is None
    assert due.due_ids(Notice, at=NOON) == []
    assert claim(notice, minutes=1) is not None
    assert notice.attempts == 2


def test_a_worker_whose_lease_is_gone_cannot_finish(notice: Notice) -> None:
    first = claim(notice)
    second = claim(notice, minutes=1)
    assert first and second
    with pytest.raises(due.LeaseLost), transaction():
        due.finish(notice, first)
    with transaction():
        due.finish(notice, second)
    assert (notice.due_at, notice.attempts, notice.lease_token) == (None, 0, None)


def test_work_that_fails_waits_and_keeps_the_reason(notice: Notice) -> None:
    token = claim(notice)
    assert token
    with transaction():
        due.postpone(notice, token, at=NOON, reason="the mailbox is full")
    assert notice.due_at is not None
    assert timedelta(seconds=1.5) <= notice.due_at - NOON <= timedelta(seconds=2.5)
    assert (notice.last_error, notice.dead_at) == ("the mailbox is full", None)


def test_after_eight_tries_it_is_dead_until_somebody_brings_it_back(notice: Notice) -> None:
    for attempt in range(due.MOST_ATTEMPTS):
        assert notice.dead_at is None
        token = claim(notice, minutes=10 * attempt)
        assert token
        with transaction():
            due.postpone(notice, token, at=NOON, reason="no such host")
    assert notice.dead_at == NOON
    assert due.due_ids(Notice, at=NOON + timedelta(days=1)) == []
    assert claim(notice, minutes=1440) is None
    with transaction():
        due.replay(notice, at=NOON + timedelta(days=1))
    assert due.due_ids(Notice, at=NOON + timedelta(days=1)) == [notice.id]


def test_patient_work_never_gives_up(notice: Notice) -> None:
    for attempt in range(due.MOST_ATTEMPTS + 3):
        token = claim(notice, minutes=10 * attempt)
        assert token
        with transaction():
            due.postpone(notice, token, at=NOON, reason="waiting", patient=True)
    assert (notice.dead_at, notice.attempts) == (None, due.MOST_ATTEMPTS + 3)


def test_work_that_is_buried_stops_at_once(notice: Notice) -> None:
    token = claim(notice)
    assert token
    with transaction():
        due.bury(notice, token, at=NOON, reason="somebody must look")
    assert (notice.dead_at, notice.last_error) == (NOON, "somebody must look")
