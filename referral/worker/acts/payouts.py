"""Money to a person's own account at Stripe, and taking it back while it is still there."""

from __future__ import annotations

from referral.domain.people import payee_of
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.gathering import has_gathered
from referral.domain.rewards.grants import Asked, Done, NotReady, Waiting, given_by
from referral.domain.rewards.waking import wake_what_fits
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.ids import public_id
from referral.gateways.stripe import StripeAccount, keep_balances
from referral.gateways.stripe.errors import NotFoundThere
from referral.worker.acts.act import NothingLeft, answer_to, done_of
from referral.worker.marks import mark_of, marks_of
from referral.worker.payees import look_at_payee


class Transfer:
    """Send money from the business's balance to the person's account."""

    def ask(self, grant: Grant, account: StripeAccount) -> Asked:
        """Name the account once enough has gathered, it can be paid, and the balance holds it.

        Each is looked at afresh, because each may have changed since the last time.
        """
        payee = payee_of(grant.reward.person_id)
        if payee is None or payee.is_gone:
            raise NotReady(Waiting.NO_PAYEE)
        _refuse_too_little(grant)
        if not look_at_payee(payee, account).can_be_paid:
            raise NotReady(Waiting.NO_PAYEE if payee.is_gone else Waiting.PAYEE_NOT_READY)
        _refuse_if_short(grant, account)
        return Asked(payee.account_id)

    def send(self, grant: Grant, account: StripeAccount) -> Done:
        """Send what was frozen, in the group of its reward."""
        asked = grant.parameters or {}
        made = account.transfer(
            asked["customer"],
            asked["amount"],
            grant.currency,
            group=_group(grant),
            marks=marks_of(grant),
            key=grant.idempotency_key,
        )
        return answer_to(grant, made)

    def find(self, grant: Grant, account: StripeAccount) -> Done | None:
        """Look among the transfers of its reward's group."""
        found = account.find_transfer(_group(grant), mark_of(grant))
        return done_of(found) if found else None


class Reversal:
    """Take a transfer back, from what the person's account still holds."""

    def ask(self, grant: Grant, account: StripeAccount) -> Asked:
        """Name the transfer, its account, and what of it can still be taken back."""
        given = given_by(grant.reward)
        if given is None or not given.amount_minor:
            raise NothingLeft
        try:
            transfer = account.read_transfer(given.object_id or "")
        except NotFoundThere as gone:
            raise NothingLeft from gone
        left_minor = transfer.amount_minor - int(transfer.details["amount_reversed"])
        if left_minor <= 0:
            raise NothingLeft
        return Asked(transfer.customer_id, left_minor, {"transfer": transfer.object_id})

    def send(self, grant: Grant, account: StripeAccount) -> Done:
        """Take back what was frozen."""
        asked = grant.parameters or {}
        made = account.reverse_transfer(
            asked["transfer"],
            asked["amount"],
            marks=marks_of(grant),
            key=grant.idempotency_key,
            currency=grant.currency,
        )
        return answer_to(grant, made, transfer=asked["transfer"])

    def find(self, grant: Grant, account: StripeAccount) -> Done | None:
        """Look among the reversals of the transfer."""
        found = account.find_reversal((grant.parameters or {})["transfer"], mark_of(grant))
        return done_of(found) if found else None


def _refuse_too_little(grant: Grant) -> None:
    with transaction():
        if not has_gathered(grant, at=clock.now()):
            raise NotReady(Waiting.BELOW_MINIMUM)


def _refuse_if_short(grant: Grant, account: StripeAccount) -> None:
    """Wait while less is available than is to be sent; staff see by how much.

    What was read is enough for others that wait, too, as after a top-up: they are tried at once.
    Another payout may be quicker, and of a currency that is not listed only Stripe knows: then it
    refuses, and that waits just the same.
    """
    at = clock.now()
    available = account.balance()
    with transaction():
        keep_balances(grant.business_id, available, at=at)
        wake_what_fits(available, at=at)
    payable_minor = grant.reward.payable_minor
    if available.get(grant.currency, payable_minor) < payable_minor:
        raise NotReady(Waiting.BALANCE)


def _group(grant: Grant) -> str:
    return public_id(Reward.prefix, grant.reward_id)
