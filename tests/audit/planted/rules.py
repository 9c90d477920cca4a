"""Limits, promises and attributions that were not kept, and a record that was changed."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update

from tests.audit.planted.keeping import LATER, plants
from tests.audit.planted.rows import account_of, coffee
from tests.audit.planting import change, copy, find, table


@plants("I-25")
def a_reservation_went_beyond_the_budget(c: Connection) -> None:
    moved = find(c, "ledger_transaction", kind="reserve", program_id=coffee(c).id)
    account = account_of(c, "budget")
    entry = find(c, "ledger_entry", transaction_id=moved.id, account_id=account.id)
    change(c, "ledger_entry", entry.id, balance_after_minor=-1)


@plants("I-26")
def somebody_got_more_than_their_cap(c: Connection) -> None:
    offers = table("offer")
    c.execute(update(offers).where(offers.c.side == "advocate").values(person_cap_minor=1))


@plants("I-27")
def a_refusal_has_no_reason(c: Connection) -> None:
    change(c, "reward", find(c, "reward", reason="cap_reached").id, reason=None)


@plants("I-28")
def a_lowered_budget_took_a_reward_back(c: Connection) -> None:
    reward = find(c, "reward", state="cancelled", reason="refunded")
    change(c, "reward", reward.id, reason="budget_reached")


@plants("I-29")
def a_closed_program_forgot_a_reward(c: Connection) -> None:
    reward = find(c, "reward", state="pending", open_holds=0, program_id=coffee(c).id)
    change(c, "reward", reward.id, due_at=None)


@plants("I-30")
def the_inputs_of_an_amount_were_changed(c: Connection) -> None:
    reward = find(c, "reward", state="granted", side="advocate")
    change(c, "reward", reward.id, inputs={**reward.inputs, "base_minor": 1})


@plants("I-30", "I-14", "I-15", "I-22")
def an_amount_does_not_follow_from_its_inputs(c: Connection) -> None:
    reward = find(c, "reward", state="granted", side="advocate")
    change(c, "reward", reward.id, amount_minor=reward.amount_minor + 100)


@plants("I-30")
def the_hold_was_made_shorter(c: Connection) -> None:
    reward = find(c, "reward", state="pending", side="advocate")
    change(c, "reward", reward.id, expected_at=reward.expected_at - timedelta(days=1))


@plants("I-31")
def a_signup_was_decided_otherwise(c: Connection) -> None:
    change(c, "signup", find(c, "signup", reason="own_link").id, reason="expired")


@plants("I-31")
def a_touch_was_judged_otherwise(c: Connection) -> None:
    signup = find(c, "signup", reason="unknown_code")
    seen = [{**one, "verdict": "outweighed"} for one in signup.circumstances["considered"]]
    told = {**signup.circumstances, "considered": seen}
    change(c, "signup", signup.id, circumstances=told)


@plants("I-32")
def a_window_is_no_whole_days(c: Connection) -> None:
    referral = find(c, "referral")
    change(c, "referral", referral.id, qualify_by=referral.qualify_by + timedelta(seconds=1))


@plants("I-32")
def a_purchase_lies_beyond_the_window(c: Connection) -> None:
    reward = find(c, "reward", state="pending", side="advocate")
    referral = find(c, "referral", id=reward.referral_id)
    change(c, "purchase", reward.purchase_id, occurred_at=referral.qualify_by)
    change(
        c,
        "reward",
        reward.id,
        earned_at=referral.qualify_by,
        expected_at=referral.qualify_by + (reward.expected_at - reward.earned_at),
    )


@plants("I-34")
def a_granted_reward_was_held(c: Connection) -> None:
    reward = find(c, "reward", state="granted", side="advocate")
    hold = find(c, "hold", kind="staff")
    copy(c, "hold", hold, reward_id=reward.id, at=LATER + timedelta(days=1))
    change(c, "reward", reward.id, open_holds=1)


@plants("I-36")
def a_pending_reward_was_forgotten(c: Connection) -> None:
    reward = find(c, "reward", state="pending", program_id=_books(c).id)
    change(c, "reward", reward.id, due_at=None)


@plants("I-36")
def a_notice_was_forgotten(c: Connection) -> None:
    change(c, "notice", find(c, "notice").id, due_at=None)


@plants("I-39")
def an_act_was_rewritten(c: Connection) -> None:
    change(c, "audit_entry", find(c, "audit_entry").id, actor_name="Mallory")


@plants("I-39")
def an_act_was_cut_out(c: Connection) -> None:
    acts = table("audit_entry")
    c.execute(delete(acts).where(acts.c.id == find(c, "audit_entry").id))


@plants("I-39")
def the_end_of_the_record_was_cut_off(c: Connection) -> None:
    acts = table("audit_entry")
    last = c.execute(select(acts).order_by(acts.c.number.desc()).limit(1)).one()
    c.execute(delete(acts).where(acts.c.id == last.id))


def _books(c: Connection) -> Any:
    return find(c, "program", state="active")
