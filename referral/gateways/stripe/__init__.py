"""Stripe: what we ask it to do, what it tells us, and what may be done again."""

from referral.gateways.stripe.account import EventPage, Made, StripeAccount
from referral.gateways.stripe.endpoint import API_VERSION, EVENTS
from referral.gateways.stripe.inbox import StripeEvent, is_event, keep
from referral.gateways.stripe.polling import EventPoll, poll_all, poll_now, poll_of
from referral.gateways.stripe.reading import read
from referral.gateways.stripe.signatures import is_from_stripe

__all__ = [
    "API_VERSION",
    "EVENTS",
    "EventPage",
    "EventPoll",
    "Made",
    "StripeAccount",
    "StripeEvent",
    "is_event",
    "is_from_stripe",
    "keep",
    "poll_all",
    "poll_now",
    "poll_of",
    "read",
]
