"""Gifts, charities and choices that were given otherwise than they say."""

from typing import Any

from sqlalchemy import Connection

from tests.audit.planted.keeping import plants
from tests.audit.planted.rows import credit_given
from tests.audit.planting import change, find, put
from tests.cast import NOON


@plants("I-5")
def a_gift_code_lies_with_a_reward_that_is_no_gift(c: Connection) -> None:
    _give_code(c, credit_given(c), worth_minor=1000)


@plants("I-5")
def a_gift_was_given_without_a_code(c: Connection) -> None:
    _make_gift(c, credit_given(c))


@plants("I-5")
def a_server_has_confirmed_what_it_was_not_asked_for(c: Connection) -> None:
    act = credit_given(c)
    said = {"verdict": "fulfilled", "reference": "g-1", "came_at": NOON}
    whose = {"business_id": act.business_id, "reward_id": act.reward_id}
    put(c, "gift_confirmation", **whose, grant_id=act.id, **said)


@plants("I-5")
def a_server_has_given_a_gift_without_a_word(c: Connection) -> None:
    _rename_act(c, credit_given(c), "gift_request")


@plants("I-22")
def a_gift_is_worth_more_than_was_granted(c: Connection) -> None:
    given = credit_given(c)
    _make_gift(c, given)
    _give_code(c, given, worth_minor=given.amount_minor + 1)


@plants("I-5")
def a_charity_is_owed_for_a_reward_that_went_elsewhere(c: Connection) -> None:
    _owe_charity(c, credit_given(c), amount_minor=1000)


@plants("I-5")
def a_donation_was_granted_and_nobody_is_owed_it(c: Connection) -> None:
    _rename_act(c, credit_given(c), "donation")


@plants("I-22")
def a_charity_is_owed_less_than_was_granted(c: Connection) -> None:
    given = credit_given(c)
    _rename_act(c, given, "donation")
    _owe_charity(c, given, amount_minor=given.amount_minor - 1)


@plants("I-30")
def a_choice_was_made_by_nobody(c: Connection) -> None:
    offer = find(c, "reward", id=credit_given(c).reward_id).offer_id
    change(c, "offer", offer, kind="choice")


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
