"""What must be there once: purchases, their keys, rewards, grants and their objects."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete

from tests.audit.planted.keeping import LATER, plants
from tests.audit.planted.rows import coffee, credit_given
from tests.audit.planting import change, copy, find, put, table


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
            business_id=coffee(c).business_id,
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
    change(c, "grant", credit_given(c).id, state="failed", proof="Nothing there.")


@plants("I-5", bare=("grant",))
def two_grants_share_an_object(c: Connection) -> None:
    other = find(c, "grant", operation="promotion_code", state="done")
    business = find(c, "grant", id=credit_given(c).id).business_id
    change(c, "grant", other.id, object_id=credit_given(c).object_id, business_id=business)


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


def _person(c: Connection, name: str) -> Any:
    return find(c, "person", email=f"{name}@mail.example").id


def _copy_refused_reward(c: Connection, **changes: Any) -> None:
    reward = find(c, "reward", reason="budget_reached")
    key = copy(c, "reward", reward, **changes)
    copy(c, "reward_move", find(c, "reward_move", reward_id=reward.id), reward_id=key)
