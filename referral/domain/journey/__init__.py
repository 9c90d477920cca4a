"""The product in order: somebody arrives, joins, buys, gets money back, and is thanked.

Every step may run twice and in any order with the others: the end is the same. Surfaces and the
worker open the transaction; nothing here sees a request or a socket. Begin with `steps.py`.
"""

from referral.domain.journey.counting import judge_again, tell_rates
from referral.domain.journey.recognising import recognise
from referral.domain.journey.reviewing import (
    approve_reward,
    confirm_gift,
    deny_reward,
    extend_reward,
    forgive_debt,
    hold_reward,
    keep_form,
    reissue_reward,
    release_reward,
    retry_reward,
    take_back_reward,
)
from referral.domain.journey.steps import (
    Joined,
    buy,
    come_back,
    dispute,
    enroll,
    introduce,
    join,
    refund,
    tell_customer,
)
from referral.domain.links import Visit, arrive

__all__ = [
    "Joined",
    "Visit",
    "approve_reward",
    "arrive",
    "buy",
    "come_back",
    "confirm_gift",
    "deny_reward",
    "dispute",
    "enroll",
    "extend_reward",
    "forgive_debt",
    "hold_reward",
    "introduce",
    "join",
    "judge_again",
    "keep_form",
    "recognise",
    "refund",
    "reissue_reward",
    "release_reward",
    "retry_reward",
    "take_back_reward",
    "tell_customer",
    "tell_rates",
]
