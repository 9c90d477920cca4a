"""What an offer promises, in words, for each trigger, with its times, steps and limits."""

import pytest

from referral.domain.programs import Kind, Offer, Side, Trigger
from referral.surfaces.web.promises import offer_words, worth_words


def offered(side: Side = Side.ADVOCATE, **terms: object) -> Offer:
    chosen = {
        "kind": Kind.ACCOUNT_CREDIT,
        "amount_minor": 1000,
        "currency": "eur",
        "minimum_minor": 0,
        **terms,
    }
    return Offer(side=side, **chosen)


STEPS = [
    {"friends": 1, "amount_minor": 1000},
    {"friends": 5, "amount_minor": 1500},
    {"friends": 6, "amount_minor": 2000},
]


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        (
            offered(trigger=Trigger.RENEWAL, times=12),
            "€10.00 credit on your next bill after each of the first 12 renewals"
            " of each friend's subscription",
        ),
        (
            offered(Side.FRIEND, trigger=Trigger.PURCHASE, times=3, minimum_minor=2000),
            "€10.00 credit on your next bill"
            " after each of your first 3 purchases of at least €20.00",
        ),
        (
            offered(trigger=Trigger.PURCHASE, times=1, amount_minor=None, rate_bp=500),
            "5% of the first purchase by each friend as credit on your next bill",
        ),
        (
            offered(
                kind=Kind.STORE_CREDIT,
                trigger=Trigger.PURCHASE,
                times=2,
                amount_minor=None,
                rate_bp=1000,
                minimum_minor=2000,
            ),
            "10% of each of the first 2 purchases of at least €20.00 by each friend"
            " as credit to spend with us",
        ),
        (
            offered(trigger=Trigger.RENEWAL, minimum_minor=2000),
            "€10.00 credit on your next bill after every renewal of at least €20.00"
            " of each friend's subscription",
        ),
        (
            offered(trigger=Trigger.MILESTONE, milestone_every=5, minimum_minor=2000),
            "€10.00 credit on your next bill for every 5 friends"
            " who bought something for at least €20.00",
        ),
        (
            offered(trigger=Trigger.MILESTONE, milestone_at=3, currency="kwd"),
            "KWD\u00a01.000 credit on your next bill for the 3rd friend who bought something",
        ),
        (
            offered(trigger=Trigger.FIRST_PURCHASE, steps=STEPS),
            "credit on your next bill after each friend's first purchase: €10.00 for the 1st"
            " to 4th friend, €15.00 for the 5th friend and €20.00 from the 6th on",
        ),
    ],
)
def test_an_offer_reads_as_it_is(offer: Offer, words: str) -> None:
    assert offer_words(offer) == words


@pytest.mark.parametrize(("periods", "words"), [(None, "1 free period"), (3, "3 free periods")])
def test_free_time_is_worth_time(periods: int | None, words: str) -> None:
    offer = offered(kind=Kind.FREE_PERIOD, trigger=Trigger.FIRST_PURCHASE, periods=periods)
    assert worth_words(offer) == words


def test_an_offer_with_steps_is_worth_from_the_first_to_the_last() -> None:
    assert worth_words(offered(trigger=Trigger.PURCHASE, steps=STEPS)) == "€10.00 to €20.00"
