"""Steps of a reward, holds and decisions that nobody may take."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete

from referral.foundation.ids import key_at
from tests.audit.planted.keeping import LATER, plants
from tests.audit.planted.rows import credit_given
from tests.audit.planting import change, copy, find, table


@plants("I-19")
def a_step_is_missing(c: Connection) -> None:
    moves = table("reward_move")
    c.execute(delete(moves).where(moves.c.id == find(c, "reward_move", to_state="granting").id))


@plants("I-19")
def a_step_was_skipped(c: Connection) -> None:
    line = find(c, "reward_move", to_state="granted")
    moves = table("reward_move")
    c.execute(
        delete(moves).where(
            moves.c.reward_id == line.reward_id, moves.c.to_state.in_(("approved", "granting"))
        )
    )
    change(c, "reward_move", line.id, from_state="pending")


@plants("I-20", "I-19")
def a_denied_reward_was_approved(c: Connection) -> None:
    line = find(c, "reward_move", to_state="denied")
    copy(c, "reward_move", line, from_state="denied", to_state="approved")


@plants("I-21")
def an_open_dispute_holds_nothing(c: Connection) -> None:
    reward = find(c, "reward", state="pending", side="advocate")
    disputed = find(c, "dispute")
    copy(
        c,
        "dispute",
        disputed,
        purchase_id=reward.purchase_id,
        external_id="dp_9",
        outcome="open",
    )


@plants("I-21")
def a_closed_dispute_still_holds(c: Connection) -> None:
    hold = find(c, "hold", kind="dispute")
    releases = table("hold_release")
    c.execute(delete(releases).where(releases.c.hold_id == hold.id))
    change(c, "reward", hold.reward_id, open_holds=1)


@plants("I-22")
def a_grant_is_done_without_an_object(c: Connection) -> None:
    change(c, "grant", credit_given(c).id, object_id=None)


@plants("I-22")
def more_was_granted_than_promised(c: Connection) -> None:
    grant = credit_given(c)
    amount = grant.amount_minor + 1
    change(
        c,
        "grant",
        grant.id,
        amount_minor=amount,
        parameters={**grant.parameters, "amount": amount},
    )


@plants("I-23")
def a_held_reward_was_granted(c: Connection) -> None:
    move = find(c, "reward_move", to_state="granting")
    before = move.at - timedelta(days=1)
    hold = find(c, "hold", kind="staff")
    key = key_at(before - timedelta(days=9000))
    copy(c, "hold", hold, id=key, reward_id=move.reward_id, at=before)
    _release(c, key, by="operator")


@plants("I-24")
def a_machine_denied_a_reward(c: Connection) -> None:
    change(c, "reward_move", find(c, "reward_move", to_state="denied").id, actor_kind="system")


@plants("I-24")
def a_machine_released_what_staff_held(c: Connection) -> None:
    hold = find(c, "hold", kind="staff")
    _release(c, hold.id, by="system")
    change(c, "reward", hold.reward_id, open_holds=0, due_at=LATER)


@plants("I-24", "I-30")
def a_machine_approved_too_early(c: Connection) -> None:
    move = find(c, "reward_move", to_state="approved", actor_kind="system")
    change(c, "reward", move.reward_id, expected_at=move.at + timedelta(days=1))


def _release(c: Connection, hold_id: Any, *, by: str) -> None:
    copy(c, "hold_release", find(c, "hold_release"), hold_id=hold_id, at=LATER, actor_kind=by)
