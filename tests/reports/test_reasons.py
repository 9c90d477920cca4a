"""Every code of the domain has words for people, and offers read as they are."""

import ast
import re
from pathlib import Path

import pytest

from referral.domain.attribution import Reason, TouchKind
from referral.domain.programs import Kind, Offer, Side, Trigger
from referral.domain.rewards import RewardState, clawback, earning, limits, turns
from referral.domain.rewards.grants import GrantState, Operation, Waiting
from referral.domain.rewards.holds import HoldKind
from referral.surfaces.web import reasons
from referral.surfaces.web.promises import offer_words
from referral.surfaces.web.reasons import Said, given_words, reason_words, state_words


def offered(side: Side = Side.ADVOCATE, **terms: object) -> Offer:
    """Return an offer of ten euros for a first purchase, unless said otherwise."""
    chosen = {
        "kind": Kind.ACCOUNT_CREDIT,
        "trigger": Trigger.FIRST_PURCHASE,
        "amount_minor": 1000,
        "currency": "eur",
        "minimum_minor": 0,
        **terms,
    }
    return Offer(side=side, **chosen)


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        (reasons.REASONS, Reason),
        (reasons.WAITING, Waiting),
        (reasons.STATES, RewardState),
        (reasons.TOUCHES, TouchKind),
        (reasons.HOLDS, HoldKind),
        (reasons.OPERATIONS, Operation),
        (reasons.GRANTS, GrantState),
    ],
)
def test_every_member_has_words(table: dict[str, object], kind: type) -> None:
    assert [member for member in kind if member not in table] == []


def test_every_reason_the_rewards_give_has_words() -> None:
    given = set()
    for function in ("disqualified", "offer_misses"):
        given |= texts_returned_by(Path(earning.__file__), function)
    given |= {limits.BUDGET_REACHED, limits.CAP_REACHED, turns.EARLIER_PURCHASE}
    given |= {clawback.REFUNDED, earning.NO_EXCHANGE_RATE}
    assert len(given) == 12
    assert given - set(reasons.REASONS) == set()


def test_what_is_said_is_a_whole_sentence() -> None:
    said = [*reasons.REASONS.values(), *reasons.WAITING.values()]
    assert all(isinstance(one, Said) for one in said)
    texts = [*(text for one in said for text in one), *reasons.STATES.values()]
    assert [text for text in texts if not (text[0].isupper() and text[-1] == ".")] == []


def test_what_somebody_wrote_is_said_as_it_stands() -> None:
    assert reason_words("The order was a test.") == "The order was a test."


def test_a_hold_is_said_before_the_state() -> None:
    assert state_words("pending", is_held=True, awaits_staff=True) == reasons.ON_HOLD
    assert state_words("pending", awaits_staff=True) == reasons.AWAITS_STAFF
    assert state_words("granted") == "It is yours."


def test_what_was_given_is_said_with_where_it_is() -> None:
    assert set(reasons.GIVEN) == set(Kind)
    assert "next bill" in given_words(Kind.ACCOUNT_CREDIT)
    assert "your code" in given_words(Kind.DISCOUNT)


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        (offered(), "€10.00 credit on your next bill after each friend's first purchase"),
        (
            offered(amount_minor=None, rate_bp=1250, cap_minor=5000, trigger=Trigger.PURCHASE),
            "12.5% of every purchase by each friend as credit on your next bill,"
            " at most €50.00 each time",
        ),
        (
            offered(minimum_minor=2000, person_cap_minor=20000),
            "€10.00 credit on your next bill after each friend's first purchase"
            " of at least €20.00, up to €200.00 in all",
        ),
        (
            offered(kind=Kind.DISCOUNT, trigger=Trigger.SIGNUP, amount_minor=None, rate_bp=2000),
            "20% off your next order for each friend who signs up",
        ),
        (
            offered(
                Side.FRIEND,
                kind=Kind.DISCOUNT,
                trigger=Trigger.SIGNUP,
                amount_minor=None,
                rate_bp=2000,
            ),
            "20% off your first order",
        ),
        (
            offered(Side.FRIEND, amount_minor=1000, currency="jpy"),
            "¥1,000 credit on your next bill after your first purchase",
        ),
    ],
)
def test_an_offer_reads_as_it_is(offer: Offer, words: str) -> None:
    assert offer_words(offer).replace("JP¥", "¥") == words


PAID = (Trigger.FIRST_PURCHASE, Trigger.PURCHASE, Trigger.RENEWAL)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("trigger", PAID)
@pytest.mark.parametrize("kind", Kind)
def test_what_is_given_after_a_payment_says_so(side: Side, trigger: Trigger, kind: Kind) -> None:
    said = offer_words(offered(side, kind=kind, trigger=trigger))
    assert " after " in said
    assert not re.search(r" for (each|every|your)", said)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Kind.STORE_CREDIT, "as credit to spend with us afterwards"),
        (Kind.ACCOUNT_CREDIT, "as credit on your next bill afterwards"),
        (Kind.CASH, "paid to your bank account afterwards"),
        (Kind.CHOICE, "given afterwards the way you choose"),
    ],
)
def test_a_friends_share_of_their_own_purchase_comes_afterwards(kind: Kind, said: str) -> None:
    share = {"kind": kind, "amount_minor": None, "rate_bp": 1000}
    friends = offer_words(offered(Side.FRIEND, **share))
    assert friends.startswith("10% of your first purchase")
    assert friends.endswith(said)
    assert "afterwards" not in offer_words(offered(**share))


WORDS = {Kind.RECOGNITION: "thank-you", Kind.FREE_PERIOD: "next period"}
"""What says the worth of an offer that has no amount to show."""


def test_every_offer_that_can_be_made_has_words() -> None:
    for side in Side:
        for trigger in Trigger:
            for kind in Kind:
                worth = WORDS.get(kind, "€1.00")
                terms = {"milestone_every": 5} if trigger is Trigger.MILESTONE else {}
                offer = offered(side, kind=kind, trigger=trigger, amount_minor=100, **terms)
                assert worth in offer_words(offer)


def texts_returned_by(path: Path, function: str) -> set[str]:
    """Return the texts a function of a file returns, read from its source."""
    tree = ast.parse(path.read_text())
    found = next(
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function
    )
    return {
        node.value.value
        for node in ast.walk(found)
        if isinstance(node, ast.Return)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def test_nobody_is_said_to_have_chosen_a_charity_that_was_the_default() -> None:
    assert "you chose" not in given_words("charity")
