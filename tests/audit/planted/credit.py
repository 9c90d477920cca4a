"""Store credit that does not follow from its entries."""

from datetime import timedelta

from sqlalchemy import Connection, delete, select

from tests.audit.planted.keeping import plants
from tests.audit.planting import change, copy, find, table


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
