"""Serves web and worker together: starts them, starts again what dies, and ends both cleanly.

With the demo also practice Stripe, where no Stripe key is set. How to answer and how to work is
known elsewhere.
"""

from referral.serving.address import address_in_use
from referral.serving.supervisor import supervise
from referral.serving.trouble import in_a_line

__all__ = ["address_in_use", "in_a_line", "supervise"]
