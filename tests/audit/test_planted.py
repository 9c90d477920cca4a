"""Each broken promise is planted in the database, and the auditor names exactly that one."""

import pytest
from flask import Flask
from sqlalchemy import text

from referral.domain.reports.auditor import audit
from referral.domain.reports.auditor.promises import PROMISES
from referral.foundation.db import db
from tests.audit.planted import LATER, PLANTS, Plant
from tests.audit.planted.sums import a_guard_is_gone
from tests.audit.planting import unguarded


@pytest.mark.parametrize(
    ("broken", "bare", "plant"), PLANTS, ids=[plant.__name__ for _, _, plant in PLANTS]
)
def test_the_auditor_names_what_is_broken(
    told: Flask, broken: set[str], bare: tuple[str, ...], plant: Plant
) -> None:
    with unguarded(*bare) as connection:
        plant(connection)
    if plant is a_guard_is_gone:
        _drop_a_guard()
    report = audit(LATER)
    assert report.broken == broken, "\n".join(map(str, report.violations))


def test_every_promise_was_broken_once() -> None:
    planted = set().union(*(broken for broken, _, _ in PLANTS))
    assert set(PROMISES) - planted == {"pages"}  # tests/failures/test_storage.py breaks it.


def _drop_a_guard() -> None:
    with db.engine.begin() as connection:
        on = " ON offer" if connection.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER offer_no_update{on}"))
