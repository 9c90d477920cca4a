"""A discount: a customer, a coupon of what was promised, and a code only they can use."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from referral.domain.people import customer_of, tie_customer
from referral.domain.programs import Offer, Side, Trigger
from referral.domain.rewards import Grant
from referral.domain.rewards.grants import Asked, Done, given_by
from referral.foundation import clock
from referral.foundation.crypto import plain_hash
from referral.foundation.db import transaction
from referral.gateways.stripe import StripeAccount
from referral.worker.acts.act import NothingLeft, answer_to, done_of
from referral.worker.marks import mark_of, marks_of, marks_of_person


class PromotionCode:
    """Make a code that only this customer can use, of the coupon of the offer that was promised."""

    def ask(self, grant: Grant, account: StripeAccount) -> Asked:
        """Name the person's customer, made for them where they have none, and when it ends."""
        days = grant.reward.offer.discount_days
        ends = {} if days is None else {"expires_at": _in_days(days)}
        return Asked(ensure_customer(grant, account), parameters=ends)

    def send(self, grant: Grant, account: StripeAccount) -> Done:
        """Make the coupon unless it is there, and the code."""
        offer, coupon = grant.reward.offer, coupon_of(grant)
        account.ensure_coupon(coupon, _terms(offer, grant))
        asked = grant.parameters or {}
        ends_at = asked.get("expires_at")
        made = account.make_promotion_code(
            coupon,
            asked["customer"],
            marks=marks_of(grant),
            key=grant.idempotency_key,
            expires_at=datetime.fromtimestamp(ends_at, UTC) if ends_at else None,
            restrictions=_restrictions(offer),
        )
        return answer_to(grant, made, coupon=coupon)

    def find(self, grant: Grant, account: StripeAccount) -> Done | None:
        """Look among the customer's codes."""
        customer = (grant.parameters or {})["customer"]
        found = account.find_promotion_code(customer, mark_of(grant))
        return done_of(found) if found else None


class Withdrawal:
    """Withdraw a code that was not used; a used one, or a part of one, cannot be taken back."""

    def ask(self, grant: Grant, account: StripeAccount) -> Asked:
        """Name the code that was given, as long as nobody used it."""
        given = given_by(grant.reward)
        if given is None or given.object_id is None or grant.amount_minor < given.amount_minor:
            raise NothingLeft
        if account.code_state(given.object_id).times_redeemed:
            raise NothingLeft
        customer = (given.parameters or {})["customer"]
        return Asked(customer, grant.amount_minor, {"code": given.object_id})

    def send(self, grant: Grant, account: StripeAccount) -> Done:
        """Withdraw it; whoever was quicker and used it keeps it."""
        code = (grant.parameters or {})["code"]
        left = account.deactivate_code(code, key=grant.idempotency_key)
        if left.code_id != code or left.is_active:
            return replace(_withdrawn(grant), recipient="")
        if left.times_redeemed:
            raise NothingLeft
        return _withdrawn(grant)

    def find(self, grant: Grant, account: StripeAccount) -> Done | None:
        """Look whether the code may still be used."""
        known = account.code_state((grant.parameters or {})["code"])
        if known.times_redeemed:
            raise NothingLeft
        return None if known.is_active else _withdrawn(grant)


def ensure_customer(grant: Grant, account: StripeAccount) -> str:
    """Return the person's customer, making one where they have none, so the code can wait.

    The person alone decides what is asked, for several acts of theirs may ask at once. After a
    server error another key is used: a customer too many does no harm.
    """
    person = grant.reward.person
    known = customer_of(person)
    if known is not None:
        return known
    who = plain_hash(f"{person.email} {person.name}")[:16]
    made = account.make_customer(
        email=person.email,
        name=person.name,
        marks=marks_of_person(person),
        key=f"{person.public_id}:customer:{who}:{grant.server_errors + 1}",
    )
    with transaction():
        tie_customer(person, made, at=clock.now(), is_ours=True)
    return made


def coupon_of(grant: Grant) -> str:
    """Return the id of the coupon an act needs: one for each worth of an offer.

    The offer's own worth has the offer's id; what steps or refunds made of it is added to that.
    """
    offer, rate_bp = grant.reward.offer, grant.reward.inputs["rate_bp"]
    worth, own = grant.amount_minor, offer.amount_minor
    if rate_bp is not None:
        worth, own = rate_bp, offer.rate_bp
    coupon = f"wom_{offer.id.hex}"
    return coupon if worth == own else f"{coupon}_{worth}"


def _terms(offer: Offer, grant: Grant) -> dict[str, Any]:
    name = "Thank you for recommending us"
    if offer.side == Side.FRIEND:
        name = "Welcome from a friend" if offer.trigger == Trigger.SIGNUP else "Thank you"
    rate_bp = grant.reward.inputs["rate_bp"]
    if rate_bp is None:
        return {"name": name, "amount_off": grant.amount_minor, "currency": offer.currency}
    whole, rest = divmod(rate_bp, 100)
    return {"name": name, "percent_off": whole if not rest else rate_bp / 100}


def _restrictions(offer: Offer) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if offer.first_order_only:
        said["first_time_transaction"] = True
    if offer.discount_minimum_minor is not None:
        said["minimum_amount"] = offer.discount_minimum_minor
        said["minimum_amount_currency"] = offer.currency
    return said


def _in_days(days: int) -> int:
    return int((clock.now() + timedelta(days=days)).timestamp())


def _withdrawn(grant: Grant) -> Done:
    asked = grant.parameters or {}
    return Done(
        object_id=f"{asked['code']}:{grant.public_id}",
        amount_minor=asked["amount"],
        currency=grant.currency,
        recipient=asked["customer"],
        details={"code": asked["code"]},
    )
