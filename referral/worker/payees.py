"""Payees as Stripe says they stand: read again whenever something may have changed."""

from __future__ import annotations

import uuid

from referral.domain.people import Payee
from referral.domain.people.payees import note_standing, payee_of_account
from referral.domain.rewards.waking import wake_grants, wake_what_fits
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.gateways.stripe import StripeAccount, keep_balances
from referral.surfaces.web.accounts import standing_at
from referral.worker.accounts import account_of


def look_at_payee(payee: Payee, account: StripeAccount) -> Payee:
    """Read how a payee stands and write it down; returns it as it stands now."""
    at = clock.now()
    standing = standing_at(account, payee.account_id)
    with transaction():
        note_standing(payee, standing, at=at)
    return payee


def hear_of_payee(business_id: uuid.UUID, account_id: str) -> None:
    """Follow up news about an account: what the news says may be old, so Stripe is asked."""
    payee, account = payee_of_account(business_id, account_id), account_of(business_id)
    if payee is None or account is None:
        return
    look_at_payee(payee, account)
    with transaction():
        wake_grants(payee.person_id, at=clock.now())


def hear_of_balance(business_id: uuid.UUID) -> None:
    """Have what waits for money tried again, as far as the balance holds it, which is asked for."""
    account, at = account_of(business_id), clock.now()
    if account is None:
        return
    available = account.balance()
    with transaction():
        keep_balances(business_id, available, at=at)
        wake_what_fits(available, at=at)
