"""What every act at a provider can say and do."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from referral.domain.rewards import Grant
from referral.domain.rewards.grants import Asked, Done
from referral.gateways.stripe import Made, StripeAccount
from referral.worker.marks import mark_of


class NothingLeft(Exception):
    """There is nothing left outside to take back."""


class Act(Protocol):
    """One operation; each part may run any number of times."""

    def ask(self, grant: Grant, account: StripeAccount) -> Asked:
        """Say for whom it is and what is left to take; gives nothing yet.

        Raises NotReady when it must wait, and NothingLeft when a taking has nothing to take.
        """

    def send(self, grant: Grant, account: StripeAccount) -> Done:
        """Do what the grant's parameters say, under its key."""

    def find(self, grant: Grant, account: StripeAccount) -> Done | None:
        """Look for what an earlier try left, by our marks."""


def answer_to(grant: Grant, made: Made, *, sign: int = 1, **named: str) -> Done:
    """Say what was answered to an act; nobody has it when it is about another object.

    It may not bear another act's mark, nor be about another thing than `named`, such as the payment
    that a refund is of.
    """
    done = done_of(made, sign=sign)
    is_of_it = made.is_about({**mark_of(grant), **named})
    return done if is_of_it else replace(done, recipient="")


def done_of(made: Made, *, sign: int = 1) -> Done:
    """Say what was made at Stripe; `sign` is what its amounts are counted with there."""
    return Done(
        object_id=made.object_id,
        amount_minor=sign * made.amount_minor,
        currency=made.currency,
        recipient=made.customer_id,
        details=made.details,
    )
