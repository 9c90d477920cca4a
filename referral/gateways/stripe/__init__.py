"""Stripe: what we ask it to do, what it tells us, and what may be done again."""

from referral.gateways.stripe.account import EventPage, StripeAccount
from referral.gateways.stripe.balances import StripeBalance, balances_of, keep_balances
from referral.gateways.stripe.client import sent_before
from referral.gateways.stripe.codes import CodeState
from referral.gateways.stripe.endpoint import API_VERSION, EVENTS
from referral.gateways.stripe.health import Health
from referral.gateways.stripe.inbox import StripeEvent, is_event, keep
from referral.gateways.stripe.made import Made
from referral.gateways.stripe.payees import PayeeStatus, read_payee
from referral.gateways.stripe.payments import Payment
from referral.gateways.stripe.polling import EventPoll, poll_all, poll_now, poll_of
from referral.gateways.stripe.reading import is_sold_by_another, read
from referral.gateways.stripe.signatures import is_from_stripe
from referral.gateways.stripe.subscriptions import Subscription

__all__ = [
    "API_VERSION",
    "EVENTS",
    "CodeState",
    "EventPage",
    "EventPoll",
    "Health",
    "Made",
    "PayeeStatus",
    "Payment",
    "StripeAccount",
    "StripeBalance",
    "StripeEvent",
    "Subscription",
    "balances_of",
    "is_event",
    "is_from_stripe",
    "is_sold_by_another",
    "keep",
    "keep_balances",
    "poll_all",
    "poll_now",
    "poll_of",
    "read",
    "read_payee",
    "sent_before",
]
