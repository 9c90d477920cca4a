"""Each broken promise is planted in the database, and the auditor names exactly that one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, delete, select, text, update

from referral.domain.reports.auditor import audit
from referral.domain.reports.auditor.promises import PROMISES
from referral.foundation.db import db
from referral.foundation.ids import key_at
from tests.audit.planting import change, copy, find, put, table, unguarded
from tests.cast import NOON

Plant = Callable[[Connection], None]
LATER = NOON + timedelta(days=60)
PLANTS: list[tuple[set[str], tuple[str, ...], Plant]] = []


def plants(*broken: str, bare: tuple[str, ...] = ()) -> Callable[[Plant], Plant]:
    """Say which promises a plant breaks, and which tables must lose their constraints for it."""

    def keep(plant: Plant) -> Plant:
        PLANTS.append((set(broken), bare, plant))
        return plant

    return keep


@plants("I-1", bare=("purchase_key",))
def a_key_leads_to_two_purchases(c: Connection) -> None:
    copy(c, "purchase_key", find(c, "purchase_key"))


@plants("I-1", bare=("refund",))
def a_refund_is_kept_twice(c: Connection) -> None:
    copy(c, "refund", find(c, "refund", external_id="re_first"), amount_minor=0)


@plants("I-1", bare=("stripe_event",))
def an_event_is_kept_twice(c: Connection) -> None:
    at = LATER
    event = {"event_id": "evt_1", "type": "invoice.paid", "is_live": False, "payload": "{}"}
    for _ in range(2):
        put(
            c,
            "stripe_event",
            business_id=_coffee(c).business_id,
            received_at=at,
            read_at=at,
            attempts=1,
            **event,
        )


@plants("I-1")
def a_purchase_has_no_key(c: Connection) -> None:
    keys = table("purchase_key")
    c.execute(delete(keys).where(keys.c.id == find(c, "purchase_key").id))


@plants("I-2", bare=("reward",))
def a_purchase_earns_twice(c: Connection) -> None:
    _copy_refused_reward(c)


@plants("I-2")
def a_referral_earns_twice_in_two_slots(c: Connection) -> None:
    _copy_refused_reward(c, slot="another")


@plants("I-2")
def a_reward_that_did_not_fail_was_issued_again(c: Connection) -> None:
    _copy_refused_reward(c, slot="replaced:somewhere")


@plants("I-3", bare=("referral",))
def a_friend_has_two_advocates(c: Connection) -> None:
    copy(c, "referral", find(c, "referral"), advocate_id=_person(c, "anna"))


@plants("I-3", "I-30")
def the_advocate_was_changed(c: Connection) -> None:
    reward = find(c, "reward", state="granted", side="advocate")
    change(c, "referral", reward.referral_id, advocate_id=_person(c, "anna"))


@plants("I-4")
def an_old_customer_is_credited(c: Connection) -> None:
    reward = find(c, "reward", state="pending", side="advocate")
    friend = find(c, "referral", id=reward.referral_id).friend_id
    change(c, "person", friend, known_since=LATER - timedelta(days=900))


@plants("I-5")
def a_granted_reward_has_no_object(c: Connection) -> None:
    change(c, "grant", _credit(c).id, state="failed", proof="Nothing there.")


@plants("I-5", bare=("grant",))
def two_grants_share_an_object(c: Connection) -> None:
    other = find(c, "grant", operation="promotion_code", state="done")
    business = find(c, "grant", id=_credit(c).id).business_id
    change(c, "grant", other.id, object_id=_credit(c).object_id, business_id=business)


@plants("I-5", "I-14", "I-15")
def more_was_taken_back_than_written_down(c: Connection) -> None:
    reward = find(c, "reward", state="reversed")
    change(
        c,
        "reward",
        reward.id,
        debited_minor=reward.debited_minor - 1,
        owed_minor=reward.owed_minor + 1,
    )


@plants("I-6")
def an_attempt_was_replaced_without_proof(c: Connection) -> None:
    change(c, "grant", find(c, "grant", state="replaced").id, proof=None)


@plants("I-6", "I-5")
def an_attempt_was_opened_after_one_that_was_done(c: Connection) -> None:
    change(c, "grant", find(c, "grant", state="replaced").id, state="done", object_id="obj_x",
           settled_at=LATER)  # fmt: skip


@plants("I-9")
def a_movement_moves_nothing(c: Connection) -> None:
    copy(c, "ledger_transaction", find(c, "ledger_transaction", kind="reserve"))


@plants("I-9", "I-14")
def the_sides_of_a_movement_differ(c: Connection) -> None:
    entry = find(c, "ledger_entry", account_id=_account(c, "external").id)
    change(c, "ledger_entry", entry.id, amount_minor=entry.amount_minor - 1)


@plants("I-10", "I-14")
def money_came_from_nowhere(c: Connection) -> None:
    budget = _account(c, "budget")
    change(c, "ledger_account", budget.id, balance_minor=budget.balance_minor + 1)


@plants("I-11")
def a_cancelled_reward_keeps_money(c: Connection) -> None:
    reward = find(c, "reward", state="cancelled", reason="refunded")
    _move(c, reward.id, {"budget": -5, "reserved": 5})
    _commit(c, 5)


@plants("I-12")
def a_guard_is_gone(c: Connection) -> None:
    """The trigger is dropped after the guards are back: see the test."""


@plants("I-13", bare=("dispute",))
def an_amount_is_beyond_all_bounds(c: Connection) -> None:
    change(c, "dispute", find(c, "dispute", outcome="won").id, amount_minor=10**12 + 1)


@plants("I-13", bare=("dispute",))
def an_amount_is_no_whole_number(c: Connection) -> None:
    if c.dialect.name == "postgresql":
        c.execute(text("ALTER TABLE dispute ALTER COLUMN amount_minor TYPE numeric"))
    rows = table("dispute")
    c.execute(update(rows).where(rows.c.outcome == "won").values(amount_minor=text("1.5")))


@plants("I-30")
def tax_was_counted_as_paid(c: Connection) -> None:
    reward = find(c, "reward", state="cancelled", reason="refunded")
    change(c, "purchase", reward.purchase_id, tax_minor=0)


@plants("I-13")
def a_currency_is_unknown(c: Connection) -> None:
    change(c, "purchase", _unrewarded(c).id, currency="zzq")


@plants("I-14")
def two_balances_are_wrong(c: Connection) -> None:
    for name, more in (("budget", 1), ("external", -1)):
        account = _account(c, name)
        change(c, "ledger_account", account.id, balance_minor=account.balance_minor + more)


@plants("I-14")
def a_program_has_committed_less(c: Connection) -> None:
    _commit(c, -1)


@plants("I-14")
def an_allowance_is_too_small(c: Connection) -> None:
    taken = find(c, "allowance", program_id=_coffee(c).id)
    change(c, "allowance", taken.id, taken_minor=taken.taken_minor - 1)


@plants("I-14")
def a_reward_is_not_counted_for_its_month(c: Connection) -> None:
    counts = table("allowance")
    c.execute(delete(counts).where(counts.c.scope == "month", counts.c.taken_minor > 0))


@plants("I-14")
def a_hold_is_counted_that_nobody_placed(c: Connection) -> None:
    change(c, "reward", find(c, "reward", state="denied").id, open_holds=1)


@plants("I-14")
def an_approval_is_counted_that_nobody_gave(c: Connection) -> None:
    change(c, "reward", find(c, "reward", state="denied").id, approvals_given=1)


@plants("I-24")
def a_reward_went_out_with_one_of_two_approvals(c: Connection) -> None:
    change(c, "reward", find(c, "reward", state="granted").id, approvals_needed=2)


@plants("I-14")
def a_refund_is_counted_that_nobody_told_of(c: Connection) -> None:
    change(c, "purchase", _unrewarded(c).id, refunded_minor=1)


@plants("I-15")
def a_refund_was_not_taken_back(c: Connection) -> None:
    refund = find(c, "refund", amount_minor=3000)
    purchase = find(c, "purchase", id=refund.purchase_id)
    change(c, "refund", refund.id, amount_minor=6000)
    change(c, "purchase", purchase.id, refunded_minor=6000)


@plants("I-16", bare=("reward",))
def the_parts_exceed_the_whole(c: Connection) -> None:
    change(c, "reward", find(c, "reward", state="denied").id, withheld_minor=1)


@plants("I-17")
def a_grant_is_in_another_currency(c: Connection) -> None:
    change(c, "grant", _credit(c).id, currency="usd")


@plants("I-17")
def a_purchase_is_in_another_currency(c: Connection) -> None:
    reward = find(c, "reward", state="granted", side="advocate")
    change(c, "purchase", reward.purchase_id, currency="usd")


@plants("I-18")
def a_credit_was_asked_for_as_a_debit(c: Connection) -> None:
    grant = _credit(c)
    asked = {**grant.parameters, "amount": -grant.amount_minor}
    change(c, "grant", grant.id, parameters=asked)


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
    change(c, "grant", _credit(c).id, object_id=None)


@plants("I-22")
def more_was_granted_than_promised(c: Connection) -> None:
    grant = _credit(c)
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


@plants("I-25")
def a_reservation_went_beyond_the_budget(c: Connection) -> None:
    moved = find(c, "ledger_transaction", kind="reserve", program_id=_coffee(c).id)
    account = _account(c, "budget")
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
    reward = find(c, "reward", state="pending", open_holds=0, program_id=_coffee(c).id)
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


@plants("I-5")
def a_gift_code_lies_with_a_reward_that_is_no_gift(c: Connection) -> None:
    _give_code(c, _credit(c), worth_minor=1000)


@plants("I-5")
def a_gift_was_given_without_a_code(c: Connection) -> None:
    _make_gift(c, _credit(c))


@plants("I-5")
def a_server_has_confirmed_what_it_was_not_asked_for(c: Connection) -> None:
    act = _credit(c)
    said = {"verdict": "fulfilled", "reference": "g-1", "came_at": NOON}
    whose = {"business_id": act.business_id, "reward_id": act.reward_id}
    put(c, "gift_confirmation", **whose, grant_id=act.id, **said)


@plants("I-5")
def a_server_has_given_a_gift_without_a_word(c: Connection) -> None:
    _rename_act(c, _credit(c), "gift_request")


@plants("I-22")
def a_gift_is_worth_more_than_was_granted(c: Connection) -> None:
    given = _credit(c)
    _make_gift(c, given)
    _give_code(c, given, worth_minor=given.amount_minor + 1)


@plants("I-5")
def a_charity_is_owed_for_a_reward_that_went_elsewhere(c: Connection) -> None:
    _owe_charity(c, _credit(c), amount_minor=1000)


@plants("I-5")
def a_donation_was_granted_and_nobody_is_owed_it(c: Connection) -> None:
    _rename_act(c, _credit(c), "donation")


@plants("I-22")
def a_charity_is_owed_less_than_was_granted(c: Connection) -> None:
    given = _credit(c)
    _rename_act(c, given, "donation")
    _owe_charity(c, given, amount_minor=given.amount_minor - 1)


@plants("I-30")
def a_choice_was_made_by_nobody(c: Connection) -> None:
    offer = find(c, "reward", id=_credit(c).reward_id).offer_id
    change(c, "offer", offer, kind="choice")


@plants("I-45")
def somebody_has_credit_from_nowhere(c: Connection) -> None:
    kept = find(c, "credit_balance")
    change(c, "credit_balance", kept.id, balance_minor=kept.balance_minor + 1)


@plants("I-45")
def a_lot_has_more_left_than_its_entries_say(c: Connection) -> None:
    for name, column in (("credit_lot", "left_minor"), ("credit_balance", "balance_minor")):
        row = find(c, name, {column: 1000})
        change(c, name, row.id, **{column: 999})


@plants("I-45")
def the_last_entry_left_another_balance(c: Connection) -> None:
    entries = table("credit_entry")
    last = c.execute(select(entries).order_by(entries.c.id.desc()).limit(1)).one()
    change(c, "credit_entry", last.id, balance_after_minor=last.balance_after_minor + 1)


@plants("I-45", "I-14")
def more_expired_than_the_lot_says(c: Connection) -> None:
    reward = c.execute(select(table("reward")).where(table("reward").c.expired_minor > 0)).first()
    assert reward is not None
    change(c, "reward", reward.id, expired_minor=reward.expired_minor - 1)


@plants("I-45")
def a_lot_is_another_persons(c: Connection) -> None:
    lot = find(c, "credit_lot", left_minor=0)
    bob = find(c, "person", email="bob@mail.example", business_id=lot.business_id)
    change(c, "credit_lot", lot.id, person_id=bob.id)


@plants("I-45")
def a_lot_is_not_of_store_credit(c: Connection) -> None:
    lot = find(c, "credit_lot", left_minor=1000)
    lots, entries = table("credit_lot"), table("credit_entry")
    c.execute(delete(entries).where(entries.c.credit_lot_id == lot.id))
    c.execute(delete(lots).where(lots.c.id == lot.id))
    kept = find(c, "credit_balance", balance_minor=1000)
    change(c, "credit_balance", kept.id, balance_minor=0)


@plants("I-45")
def an_entry_has_the_wrong_sign(c: Connection) -> None:
    change(c, "credit_entry", find(c, "credit_entry", kind="reversal").id, kind="grant")


@plants("I-45", "I-15", "I-16", bare=("reward",))
def a_debt_stands_beside_credit(c: Connection) -> None:
    lot = find(c, "credit_lot", left_minor=1000)
    reward = find(c, "reward", id=lot.reward_id)
    change(c, "reward", reward.id, owed_minor=reward.owed_minor + 1)


@plants("I-45")
def a_redemption_took_less_than_it_says(c: Connection) -> None:
    paid = find(c, "redemption", external_id="tea-1")
    change(c, "redemption", paid.id, amount_minor=paid.amount_minor + 1)


@plants("I-45")
def a_reversal_gave_less_than_it_says(c: Connection) -> None:
    done = find(c, "redemption_reversal")
    change(c, "redemption_reversal", done.id, returned_minor=done.returned_minor - 1)


@plants("I-45", bare=("redemption_reversal",))
def a_redemption_was_reversed_twice(c: Connection) -> None:
    copy(c, "redemption_reversal", find(c, "redemption_reversal"))


@plants("I-45")
def a_lot_lasts_longer_than_promised(c: Connection) -> None:
    lot = find(c, "credit_lot", left_minor=1000)
    change(c, "credit_lot", lot.id, expires_at=lot.expires_at + timedelta(days=1))


@plants("I-36")
def nothing_will_end_a_lot(c: Connection) -> None:
    change(c, "credit_lot", find(c, "credit_lot", left_minor=1000).id, due_at=None)


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


def _credit(c: Connection) -> Any:
    return find(c, "grant", operation="credit", state="done")


def _make_gift(c: Connection, act: Any) -> None:
    _rename_act(c, act, "gift_code")


def _rename_act(c: Connection, act: Any, operation: str) -> None:
    key = act.idempotency_key.replace(act.operation, operation)
    change(c, "grant", act.id, operation=operation, idempotency_key=key)


def _owe_charity(c: Connection, act: Any, *, amount_minor: int) -> None:
    whose, said = {"business_id": act.business_id}, {"website": "https://rivers.example"}
    flags = {"is_active": True, "is_default": False, "created_at": NOON}
    charity = put(c, "charity", **whose, name="Clean Rivers", **said, **flags)
    owed = {"amount_minor": amount_minor, "withdrawn_minor": 0, "currency": "eur", "at": NOON}
    put(c, "donation", **whose, charity_id=charity, reward_id=act.reward_id, **owed)


def _give_code(c: Connection, act: Any, *, worth_minor: int) -> None:
    whose = {"business_id": act.business_id}
    stock = put(
        c,
        "gift_stock",
        **whose,
        name="Books",
        value_minor=worth_minor,
        currency="eur",
        low_at=0,
        created_at=NOON,
    )
    said = {"sealed": "", "fingerprint": "f" * 64, "last_four": "1234", "imported_at": NOON}
    put(c, "gift_code", **whose, stock_id=stock, reward_id=act.reward_id, **said)


def _person(c: Connection, name: str) -> Any:
    return find(c, "person", email=f"{name}@mail.example").id


def _coffee(c: Connection) -> Any:
    return find(c, "program", state="closed")


def _books(c: Connection) -> Any:
    return find(c, "program", state="active")


def _account(c: Connection, name: str) -> Any:
    return find(c, "ledger_account", {"name": name}, program_id=_coffee(c).id)


def _unrewarded(c: Connection) -> Any:
    """Return a purchase nobody was rewarded for."""
    purchases, rewards = table("purchase"), table("reward")
    rewarded = select(rewards.c.purchase_id).where(rewards.c.purchase_id.is_not(None))
    query = select(purchases).where(purchases.c.id.not_in(rewarded)).limit(1)
    return c.execute(query).one()


def _commit(c: Connection, more: int) -> None:
    program = find(c, "program", id=_coffee(c).id)
    change(c, "program", program.id, committed_minor=program.committed_minor + more)


def _move(c: Connection, reward_id: Any, lines: dict[str, int]) -> None:
    like = find(c, "ledger_transaction", program_id=_coffee(c).id)
    moved = copy(c, "ledger_transaction", like, reward_id=reward_id, kind="approve")
    for name, amount in lines.items():
        account = _account(c, name)
        entry = find(c, "ledger_entry", account_id=account.id)
        copy(
            c,
            "ledger_entry",
            entry,
            transaction_id=moved,
            amount_minor=amount,
            balance_after_minor=account.balance_minor + amount,
        )
        change(c, "ledger_account", account.id, balance_minor=account.balance_minor + amount)


def _release(c: Connection, hold_id: Any, *, by: str) -> None:
    copy(c, "hold_release", find(c, "hold_release"), hold_id=hold_id, at=LATER, actor_kind=by)


def _copy_refused_reward(c: Connection, **changes: Any) -> None:
    reward = find(c, "reward", reason="budget_reached")
    key = copy(c, "reward", reward, **changes)
    copy(c, "reward_move", find(c, "reward_move", reward_id=reward.id), reward_id=key)
