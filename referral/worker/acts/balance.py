"""Credit on a customer's balance, and taking it back; below nothing is credit there (I-18)."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from referral.domain.people import customer_of
from referral.domain.rewards import Grant
from referral.domain.rewards.grants import Asked, Done, NotReady, Waiting, recipient_of
from referral.foundation import clock
from referral.gateways.stripe import StripeAccount
from referral.gateways.stripe.errors import NotFoundThere, StoredFailure
from referral.worker.acts.act import NothingLeft, answer_to, done_of
from referral.worker.marks import mark_of, marks_of

_SOON = timedelta(minutes=5)
"""Until then the first try may still be on its way; credit is hardly used meanwhile."""


class _Change:
    sign: ClassVar[int]
    note: ClassVar[str]

    def send(self, grant: Grant, account: StripeAccount) -> Done:
        """Change the balance by the amount that was frozen."""
        asked = grant.parameters or {}
        made = account.adjust_balance(
            asked["customer"],
            self.sign * asked["amount"],
            grant.currency,
            note=self.note,
            marks=marks_of(grant),
            key=grant.idempotency_key,
        )
        return answer_to(grant, made, sign=self.sign)

    def find(self, grant: Grant, account: StripeAccount) -> Done | None:
        """Look among the changes of the customer's balance; the list has no filter for marks."""
        found = account.find_balance_change((grant.parameters or {})["customer"], mark_of(grant))
        return done_of(found, sign=self.sign) if found else None


class Credit(_Change):
    """Give credit to the person's own customer."""

    sign = -1
    note = "Thank you for recommending us"

    def ask(self, grant: Grant, account: StripeAccount) -> Asked:
        """Name the customer; somebody without one waits, and so does one of another currency.

        Credit in a currency that is not the customer's own would never meet an invoice.
        """
        customer = customer_of(grant.reward.person)
        if customer is None:
            raise NotReady(Waiting.NO_CUSTOMER)
        if _currency_of(account, customer) not in (None, grant.currency):
            raise NotReady(Waiting.OTHER_CURRENCY)
        return Asked(customer)


class Debit(_Change):
    """Take credit back, and never so much that the customer comes to owe."""

    sign = 1
    note = "Part of a purchase was refunded"

    def send(self, grant: Grant, account: StripeAccount) -> Done:
        """Take what was frozen; an old try is given up once less is there, for it may be used."""
        asked, sent_at = grant.parameters or {}, grant.first_sent_at
        if sent_at is not None and clock.now() >= sent_at + _SOON:
            left_minor = account.credit_left(asked["customer"], grant.currency)
            if left_minor < asked["amount"]:
                raise StoredFailure("Less credit is left than was to be taken.")
        return super().send(grant, account)

    def ask(self, grant: Grant, account: StripeAccount) -> Asked:
        """Name the customer that was credited, and what they have left."""
        customer = recipient_of(grant)
        if customer is None:
            raise NotReady(Waiting.NO_CUSTOMER)
        left_minor = account.credit_left(customer, grant.currency)
        if left_minor <= 0:
            raise NothingLeft
        return Asked(customer, left_minor)


def _currency_of(account: StripeAccount, customer: str) -> str | None:
    """Return what a customer is billed in; of one who is gone, the credit itself is refused."""
    try:
        return account.currency_of(customer)
    except NotFoundThere:
        return None
