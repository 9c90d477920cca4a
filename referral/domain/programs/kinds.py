"""The kinds of reward, what earns them and for whom, and what each kind can be."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """Who the offer is for."""

    ADVOCATE = "advocate"
    FRIEND = "friend"


class Trigger(StrEnum):
    """What earns it: the friend's signup, their first paid purchase, each one, each paid renewal
    of their subscription; or that so many friends have bought.
    """

    SIGNUP = "signup"
    FIRST_PURCHASE = "first_purchase"
    PURCHASE = "purchase"
    RENEWAL = "renewal"
    MILESTONE = "milestone"


REPEATED = (Trigger.PURCHASE, Trigger.RENEWAL)
"""What may happen several times, and be rewarded up to so many."""
MOST_TIMES = 999


class Kind(StrEnum):
    """What is given; with a `choice` the person says which of several kinds of one amount."""

    ACCOUNT_CREDIT = "account_credit"
    DISCOUNT = "discount"
    RECOGNITION = "recognition"
    FREE_PERIOD = "free_period"
    REFUND = "refund"
    GIFT = "gift"
    CHARITY = "charity"
    CHOICE = "choice"
    CASH = "cash"
    STORE_CREDIT = "store_credit"


class Fulfilment(StrEnum):
    """Who has the gifts: a stock of codes that staff keep here, or the business's own server."""

    STOCK = "stock"
    WEBHOOK = "webhook"


MOST_WORDS = 500
"""The longest thank-you, in characters."""

MOST_PERIODS = 12
"""The most periods of a subscription that one reward gives."""

WITHOUT_MONEY = frozenset({Kind.RECOGNITION})
"""The kinds that are worth no money: their offers have words in the place of an amount."""

OF_FIXED_WORTH = frozenset({Kind.GIFT})
"""The kinds that come as they are: their offers have an amount and never a rate."""

CHOOSABLE = (Kind.ACCOUNT_CREDIT, Kind.STORE_CREDIT, Kind.CASH, Kind.GIFT, Kind.CHARITY)
"""The kinds that a choice may offer: each worth just the amount."""

FALLBACKS = (Kind.STORE_CREDIT, Kind.CASH, Kind.GIFT, Kind.CHARITY)
"""What somebody who is no customer at Stripe may be given instead of credit on a bill."""

FALLBACK_DAYS = 14
"""How long is waited for a customer before that, unless the offer says otherwise."""

LONGEST_FALLBACK_DAYS = 365

LONGEST_CHOICE_DAYS = 365
"""The longest that a choice may be waited for before the first kind is taken."""

MONEY = frozenset({Kind.ACCOUNT_CREDIT, Kind.STORE_CREDIT, Kind.CASH})
"""The kinds whose worth is money that can be added up."""

LONGEST_CODE_DAYS = 1800
"""The longest that a discount's code may be used: Stripe takes no end beyond five years."""

LONGEST_LIFE_DAYS = 3650
"""The longest that store credit may last, where it ends at all."""
