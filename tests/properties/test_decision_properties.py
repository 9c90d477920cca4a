"""The decision: the same from the same evidence, in whatever order it came."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.domain.attribution import Decision, Evidence, Outcome, Reason, TouchKind, decide
from referral.domain.attribution.decision import Circumstances

PROGRAM, OTHER, BOB = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)
ALICE, ANNA = uuid.UUID(int=4), uuid.UUID(int=5)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
WINDOW = timedelta(days=90)
MICROSECOND = timedelta(microseconds=1)


def known(**changes: object) -> Circumstances:
    standard = Circumstances(PROGRAM, True, True, WINDOW, BOB, None, None, NOON)
    return replace(standard, **changes)  # type: ignore[arg-type]


def touch(kind: TouchKind = TouchKind.CLICK, at: datetime = NOON, **changes: object) -> Evidence:
    standard = Evidence(kind, at, "CODE", ALICE, uuid.UUID(int=9), None, PROGRAM)
    return replace(standard, **changes)  # type: ignore[arg-type]


MOMENTS = st.integers(-100, 1).map(lambda days: NOON + timedelta(days=days)) | st.integers(
    -100 * 86_400 * 10**6, 10**9
).map(lambda us: NOON + timedelta(microseconds=us))
PEOPLE = st.sampled_from([ALICE, ANNA, BOB])
TOUCHES = st.builds(
    Evidence,
    st.sampled_from(TouchKind),
    MOMENTS,
    st.sampled_from(["ABC", "DEF"]),
    PEOPLE,
    st.sampled_from([uuid.UUID(int=9), uuid.UUID(int=10)]),
    st.none() | st.uuids(version=4),
    st.sampled_from([PROGRAM, PROGRAM, OTHER]),
    st.none(),
) | st.builds(
    Evidence,
    st.sampled_from([TouchKind.CLICK, TouchKind.CODE, TouchKind.STATED]),
    st.just(NOON),
    st.sampled_from(["ABC", "DEF"]),
    problem=st.sampled_from([Reason.UNREADABLE, Reason.UNKNOWN_CODE, Reason.UNKNOWN_NAME]),
)
CIRCUMSTANCES = st.builds(
    known,
    program_is_open=st.booleans(),
    first_touch_wins=st.booleans(),
    friend_known_since=st.none() | MOMENTS,
    referred_by=st.none() | PEOPLE,
)


@given(st.lists(TOUCHES, max_size=6), CIRCUMSTANCES, st.randoms(use_true_random=False))
def test_the_order_of_the_evidence_changes_nothing(
    evidence: list[Evidence], circumstances: Circumstances, chance: random.Random
) -> None:
    shuffled = list(evidence)
    chance.shuffle(shuffled)
    assert decide(shuffled, circumstances) == decide(evidence, circumstances)


@given(st.lists(TOUCHES, max_size=6), CIRCUMSTANCES)
def test_each_piece_of_evidence_gets_one_verdict(
    evidence: list[Evidence], circumstances: Circumstances
) -> None:
    decision = decide(evidence, circumstances)
    assert sorted(map(repr, evidence)) == sorted(repr(one.evidence) for one in decision.considered)
    credited = [one for one in decision.considered if one.reason is Reason.CREDITED]
    assert len(credited) == (decision.reason is Reason.CREDITED)
    assert (decision.outcome is Outcome.UNREFERRED) == (not evidence)


@given(st.lists(TOUCHES, max_size=6), CIRCUMSTANCES)
def test_credit_goes_only_where_it_may(
    evidence: list[Evidence], circumstances: Circumstances
) -> None:
    winner = decide(evidence, circumstances).credited
    if winner is None:
        return
    assert winner.advocate_id not in (None, circumstances.friend_id)
    assert winner.program_id == circumstances.program_id
    assert circumstances.program_is_open
    assert circumstances.referred_by is None
    assert winner.at <= circumstances.at < winner.at + WINDOW or winner.at > circumstances.at
    since = circumstances.friend_known_since
    assert since is None or since >= winner.at.replace(microsecond=0)


@given(st.lists(TOUCHES, min_size=1, max_size=6), CIRCUMSTANCES)
def test_nothing_of_less_weight_wins_over_what_may_be_credited(
    evidence: list[Evidence], circumstances: Circumstances
) -> None:
    decision = decide(evidence, circumstances)
    if decision.credited is None:
        return
    worthy = [
        one.evidence
        for one in decision.considered
        if one.reason in (Reason.CREDITED, Reason.OUTWEIGHED)
    ]
    heaviest = [one for one in worthy if one.kind.weight == max(e.kind.weight for e in worthy)]
    pick = min if circumstances.first_touch_wins else max
    assert decision.credited.at == pick(one.at for one in heaviest)
    assert decision.credited in heaviest


@given(st.lists(TOUCHES, max_size=5), CIRCUMSTANCES)
def test_a_referred_friend_is_never_credited_again(
    evidence: list[Evidence], circumstances: Circumstances
) -> None:
    decision = decide(evidence, replace(circumstances, referred_by=ALICE))
    assert decision.credited is None
    confirmed = [one.evidence.advocate_id for one in decision.considered
                 if one.reason is Reason.CONFIRMED]  # fmt: skip
    assert set(confirmed) <= {ALICE}
    assert (decision.reason is Reason.CONFIRMED) == bool(confirmed)


@pytest.mark.parametrize(
    ("age", "reason"),
    [
        (timedelta(0), Reason.CREDITED),
        (WINDOW - MICROSECOND, Reason.CREDITED),
        (WINDOW, Reason.EXPIRED),
        (WINDOW + MICROSECOND, Reason.EXPIRED),
        (-timedelta(minutes=10), Reason.CREDITED),
        (-timedelta(minutes=10) - MICROSECOND, Reason.FROM_THE_FUTURE),
    ],
)
def test_the_click_window_is_half_open_to_the_microsecond(age: timedelta, reason: Reason) -> None:
    assert decide([touch(at=NOON - age)], known()).reason is reason


@pytest.mark.parametrize(
    ("since", "reason"),
    [
        (NOON - timedelta(days=1), Reason.CREDITED),
        (NOON - timedelta(days=1) - MICROSECOND, Reason.EXISTING_CUSTOMER),
        (NOON, Reason.CREDITED),
        (None, Reason.CREDITED),
    ],
)
def test_a_customer_from_before_the_touch_is_not_new(
    since: datetime | None, reason: Reason
) -> None:
    evidence = [touch(at=NOON - timedelta(days=1) + timedelta(milliseconds=4))]
    assert decide(evidence, known(friend_known_since=since)).reason is reason


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Pacific/Chatham"])
@given(days=st.integers(0, 200), seconds=st.integers(0, 86_400))
def test_time_zones_and_switched_clocks_change_nothing(zone: str, days: int, seconds: int) -> None:
    """F-43."""
    clicked = NOON - timedelta(days=days, seconds=seconds)
    local = [touch(at=clicked.astimezone(ZoneInfo(zone)))]
    circumstances = known(at=NOON)
    there = replace(circumstances, at=NOON.astimezone(ZoneInfo(zone)))
    reasons = {
        verdict(evidence, where)
        for evidence in (local, [touch(at=clicked)])
        for where in (circumstances, there)
    }
    expected = Reason.CREDITED if clicked + WINDOW > NOON else Reason.EXPIRED
    assert reasons == {expected}


@pytest.mark.parametrize(
    ("heavier", "lighter"),
    [
        (TouchKind.STAFF, TouchKind.CODE),
        (TouchKind.CODE, TouchKind.COUPON),
        (TouchKind.COUPON, TouchKind.CLICK),
        (TouchKind.CLICK, TouchKind.STATED),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_the_heavier_kind_wins_whenever_it_came(
    heavier: TouchKind, lighter: TouchKind, first: bool
) -> None:
    for early, late in ((heavier, lighter), (lighter, heavier)):
        evidence = [touch(early, NOON - timedelta(days=2)), touch(late, NOON - timedelta(days=1))]
        decision = decide(evidence, known(first_touch_wins=first))
        assert decision.credited is not None
        assert decision.credited.kind is heavier


def test_among_equals_the_rule_of_the_program_decides() -> None:
    evidence = [
        touch(at=NOON - timedelta(days=2)),
        touch(at=NOON - timedelta(days=1), advocate_id=ANNA),
    ]
    assert winner(evidence, known(first_touch_wins=True)) == ALICE
    assert winner(evidence, known(first_touch_wins=False)) == ANNA


def verdict(evidence: Sequence[Evidence], circumstances: Circumstances) -> Reason:
    return decide(evidence, circumstances).reason


def winner(evidence: Sequence[Evidence], circumstances: Circumstances) -> uuid.UUID | None:
    decision: Decision = decide(evidence, circumstances)
    return decision.credited.advocate_id if decision.credited else None
