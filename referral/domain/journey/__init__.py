"""The product in order: somebody arrives, joins, buys, gets money back, and is thanked.

Every step may run twice and in any order with the others: the end is the same. Surfaces and the
worker open the transaction; nothing here sees a request or a socket. Begin with `steps.py`.
"""

from referral.domain.journey.arriving import Arrival, Visit, arrive, arrive_together, token_for
from referral.domain.journey.recognising import recognise
from referral.domain.journey.reviewing import (
    approve_reward,
    deny_reward,
    hold_reward,
    release_reward,
)
from referral.domain.journey.steps import (
    Joined,
    buy,
    dispute,
    enroll,
    introduce,
    join,
    refund,
    tell_customer,
)

__all__ = [
    "Arrival",
    "Joined",
    "Visit",
    "approve_reward",
    "arrive",
    "arrive_together",
    "buy",
    "deny_reward",
    "dispute",
    "enroll",
    "hold_reward",
    "introduce",
    "join",
    "recognise",
    "refund",
    "release_reward",
    "tell_customer",
    "token_for",
]
