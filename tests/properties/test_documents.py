"""What the documents show as examples is true."""

import doctest
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from referral.domain.attribution import Reason, TouchKind, decide
from tests.properties.test_decision_properties import ALICE, ANNA, known, touch

DOCS = Path(__file__).parents[2] / "docs"
SIGNED_UP = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_the_arithmetic_of_the_money_page_is_right() -> None:
    result = doctest.testfile(str(DOCS / "money.md"), module_relative=False)
    assert (result.failed, result.attempted) == (0, 10)


@pytest.mark.parametrize(
    ("clicked", "reason"),
    [
        (datetime(2026, 8, 3, 12, 0, 0, 1, tzinfo=UTC), Reason.CREDITED),
        (datetime(2026, 8, 3, 12, tzinfo=UTC), Reason.EXPIRED),
    ],
)
def test_the_window_of_the_attribution_page_ends_when_it_says(
    clicked: datetime, reason: Reason
) -> None:
    assert decide([touch(at=clicked)], known(at=SIGNED_UP)).reason is reason


def test_the_worked_examples_of_the_attribution_page_come_out_as_they_say() -> None:
    early = touch(at=datetime(2026, 10, 10, tzinfo=UTC))
    late = touch(at=datetime(2026, 10, 20, tzinfo=UTC), advocate_id=ANNA)
    code = touch(TouchKind.CODE, SIGNED_UP, advocate_id=ANNA)
    slip = touch(TouchKind.CODE, SIGNED_UP, advocate_id=None, problem=Reason.UNKNOWN_CODE)
    before, after = (early.at + timedelta(days=days) for days in (-1, 2))
    credited = [
        decide(evidence, known(at=SIGNED_UP, **rules)).credited
        for evidence, rules in (
            ([early, late], {}),
            ([early, late], {"first_touch_wins": False}),
            ([early, code], {}),
            ([early, slip], {}),
            ([early], {"friend_known_since": after}),
        )
    ]
    assert [one.advocate_id if one else None for one in credited] == [
        ALICE, ANNA, ANNA, ALICE, ALICE,
    ]  # fmt: skip
    refused = [
        decide([early], known(friend_known_since=before)).reason,
        decide([code], known(referred_by=ALICE)).reason,
        decide([early], known(referred_by=ALICE)).reason,
    ]
    assert refused == [Reason.EXISTING_CUSTOMER, Reason.ALREADY_REFERRED, Reason.CONFIRMED]
