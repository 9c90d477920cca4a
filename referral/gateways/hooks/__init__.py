"""Requests to servers of businesses: where they may go, how they are signed, what comes back."""

from referral.gateways.hooks.addresses import BadAddress, Reach, check_address
from referral.gateways.hooks.gifts import (
    Accepted,
    Busy,
    Fault,
    Gone,
    Misset,
    Trouble,
    Unclear,
    Wanted,
    ask_for_gift,
    try_out,
)
from referral.gateways.hooks.sending import Answer, NoAnswer

__all__ = [
    "Accepted",
    "Answer",
    "BadAddress",
    "Busy",
    "Fault",
    "Gone",
    "Misset",
    "NoAnswer",
    "Reach",
    "Trouble",
    "Unclear",
    "Wanted",
    "ask_for_gift",
    "check_address",
    "try_out",
]
