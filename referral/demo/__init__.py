"""The demo: a month in the life of a small business, told only through the journey.

It seeds an empty database in development, says who may sign in, and connects practice Stripe.
"""

from referral.demo.shop import OWNER, TOTP
from referral.demo.telling import is_empty, is_half_told, tell
from referral.demo.welcome import connect_hooks, greeting

__all__ = ["OWNER", "TOTP", "connect_hooks", "greeting", "is_empty", "is_half_told", "tell"]
