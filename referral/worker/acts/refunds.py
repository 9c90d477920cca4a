"""A part of the advocate's own last payment given back; nobody can take that back."""

from __future__ import annotations

from referral.domain.people import customer_of
from referral.domain.rewards import Grant
from referral.domain.rewards.grants import Asked, Done, NotReady, Waiting
from referral.gateways.stripe import StripeAccount
from referral.gateways.stripe.errors import NotFoundThere
from referral.worker.acts.act import answer_to, done_of
from referral.worker.marks import mark_of, marks_of


class Refund:
    """Refund a payment the person made themselves."""

    def ask(self, grant: Grant, account: StripeAccount) -> Asked:
        """Name the customer and their last payment that has enough left to give back."""
        customer = customer_of(grant.reward.person)
        if customer is None:
            raise NotReady(Waiting.NO_CUSTOMER)
        try:
            least_minor = grant.reward.payable_minor
            paid = account.last_payment(customer, grant.currency, least_minor=least_minor)
        except NotFoundThere as gone:
            raise NotReady(Waiting.CUSTOMER_GONE) from gone
        if paid is None:
            raise NotReady(Waiting.NO_PAYMENT)
        return Asked(customer, parameters={"payment": paid.payment_intent})

    def send(self, grant: Grant, account: StripeAccount) -> Done:
        """Give the amount that was frozen back."""
        asked = grant.parameters or {}
        made = account.refund_payment(
            asked["payment"],
            asked["amount"],
            marks=marks_of(grant),
            key=grant.idempotency_key,
            currency=grant.currency,
        )
        return answer_to(grant, made, payment_intent=asked["payment"])

    def find(self, grant: Grant, account: StripeAccount) -> Done | None:
        """Look among the payment's refunds."""
        found = account.find_refund((grant.parameters or {})["payment"], mark_of(grant))
        return done_of(found) if found else None
