"""Amounts, balances and counts that disagree."""

from typing import Any

from sqlalchemy import Connection, delete, select, text, update

from tests.audit.planted.keeping import plants
from tests.audit.planted.rows import account_of, coffee, credit_given
from tests.audit.planting import change, copy, find, table


@plants("I-9")
def a_movement_moves_nothing(c: Connection) -> None:
    copy(c, "ledger_transaction", find(c, "ledger_transaction", kind="reserve"))


@plants("I-9", "I-14")
def the_sides_of_a_movement_differ(c: Connection) -> None:
    entry = find(c, "ledger_entry", account_id=account_of(c, "external").id)
    change(c, "ledger_entry", entry.id, amount_minor=entry.amount_minor - 1)


@plants("I-10", "I-14")
def money_came_from_nowhere(c: Connection) -> None:
    budget = account_of(c, "budget")
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
        account = account_of(c, name)
        change(c, "ledger_account", account.id, balance_minor=account.balance_minor + more)


@plants("I-14")
def a_program_has_committed_less(c: Connection) -> None:
    _commit(c, -1)


@plants("I-14")
def an_allowance_is_too_small(c: Connection) -> None:
    taken = find(c, "allowance", program_id=coffee(c).id)
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
    change(c, "grant", credit_given(c).id, currency="usd")


@plants("I-17")
def a_purchase_is_in_another_currency(c: Connection) -> None:
    reward = find(c, "reward", state="granted", side="advocate")
    change(c, "purchase", reward.purchase_id, currency="usd")


@plants("I-18")
def a_credit_was_asked_for_as_a_debit(c: Connection) -> None:
    grant = credit_given(c)
    asked = {**grant.parameters, "amount": -grant.amount_minor}
    change(c, "grant", grant.id, parameters=asked)


def _unrewarded(c: Connection) -> Any:
    """Return a purchase nobody was rewarded for."""
    purchases, rewards = table("purchase"), table("reward")
    rewarded = select(rewards.c.purchase_id).where(rewards.c.purchase_id.is_not(None))
    query = select(purchases).where(purchases.c.id.not_in(rewarded)).limit(1)
    return c.execute(query).one()


def _commit(c: Connection, more: int) -> None:
    program = find(c, "program", id=coffee(c).id)
    change(c, "program", program.id, committed_minor=program.committed_minor + more)


def _move(c: Connection, reward_id: Any, lines: dict[str, int]) -> None:
    like = find(c, "ledger_transaction", program_id=coffee(c).id)
    moved = copy(c, "ledger_transaction", like, reward_id=reward_id, kind="approve")
    for name, amount in lines.items():
        account = account_of(c, name)
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
