"""Coupons, one for each version of an offer, and the promotion codes that hand them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from referral.gateways.stripe.asking import LONGEST_LIST, Asking
from referral.gateways.stripe.client import call
from referral.gateways.stripe.errors import NotFoundThere, Permanent
from referral.gateways.stripe.made import Made, about, first_with, id_of, marks_in, own_id
from referral.gateways.stripe.units import at_stripe


@dataclass(frozen=True, slots=True)
class CodeState:
    """Whether a code may still be used, and how often it was."""

    code_id: str
    is_active: bool
    times_redeemed: int


class Codes(Asking):
    """What we ask about discounts."""

    def ensure_coupon(self, coupon_id: str, terms: Mapping[str, Any]) -> None:
        """Make a coupon of our own id unless it is there; its terms never change."""
        try:
            call(lambda: self._client.v1.coupons.retrieve(coupon_id), changes=False)
            return
        except NotFoundThere:
            pass
        params: dict[str, Any] = {"id": coupon_id, "duration": "once", **terms}
        if "amount_off" in params:
            params["amount_off"] = at_stripe(params["amount_off"], params["currency"])
        try:
            call(lambda: self._client.v1.coupons.create(params=params), changes=True)  # type: ignore[arg-type]
        except Permanent as refused:
            if "already exists" not in refused.said:
                raise

    def make_promotion_code(
        self,
        coupon_id: str,
        customer: str,
        *,
        marks: Mapping[str, str],
        key: str,
        expires_at: datetime | None = None,
        restrictions: Mapping[str, Any] | None = None,
    ) -> Made:
        """Make a code only this customer can use, once.

        `expires_at` lies within five years. `restrictions` are named as Stripe names them:
        `first_time_transaction`, `minimum_amount` of ours with `minimum_amount_currency`.
        """
        params: dict[str, Any] = {
            "promotion": {"type": "coupon", "coupon": coupon_id},
            "customer": customer,
            "max_redemptions": 1,
            "metadata": dict(marks),
        }
        if expires_at is not None:
            params["expires_at"] = int(expires_at.timestamp())
        if restrictions:
            params["restrictions"] = _at_stripe(restrictions)
        return call(
            lambda: _promotion_code(
                self._client.v1.promotion_codes.create(
                    params=params,  # type: ignore[arg-type]
                    options={"idempotency_key": key},
                ).to_dict()
            ),
            changes=True,
        )

    def find_promotion_code(self, customer: str, marks: Mapping[str, str]) -> Made | None:
        """Look for a customer's code by our marks."""
        return first_with(marks, self.promotion_codes(customer))

    def promotion_codes(self, customer: str) -> list[Made]:
        """List the codes only this customer can use."""
        return call(
            lambda: [
                _promotion_code(one.to_dict())
                for one in self._client.v1.promotion_codes.list(
                    params={"customer": customer, "limit": LONGEST_LIST}
                ).auto_paging_iter()
            ],
            changes=False,
        )

    def deactivate_code(self, code_id: str, *, key: str) -> CodeState:
        """Withdraw a code, and tell whether it was used before that; repeating changes nothing."""
        return call(
            lambda: _state(
                self._client.v1.promotion_codes.update(
                    code_id, params={"active": False}, options={"idempotency_key": key}
                ).to_dict()
            ),
            changes=True,
        )

    def code_state(self, code_id: str) -> CodeState:
        """Return whether a code may still be used; Stripe judges it anew each time."""
        return call(
            lambda: _state(
                about(code_id, self._client.v1.promotion_codes.retrieve(code_id).to_dict())
            ),
            changes=False,
        )


def _at_stripe(restrictions: Mapping[str, Any]) -> dict[str, Any]:
    said = dict(restrictions)
    if "minimum_amount" in said:
        said["minimum_amount"] = at_stripe(said["minimum_amount"], said["minimum_amount_currency"])
    return said


def _promotion_code(one: Mapping[str, Any]) -> Made:
    ends = {"expires_at": one["expires_at"]} if one.get("expires_at") else {}
    coupon = id_of((one.get("promotion") or one).get("coupon"))
    return Made(
        object_id=own_id(one),
        amount_minor=0,
        currency="",
        customer_id=id_of(one.get("customer")) or "",
        details={"code": one.get("code"), "coupon": coupon, **ends},
        marks=marks_in(one),
    )


def _state(one: Mapping[str, Any]) -> CodeState:
    return CodeState(own_id(one), bool(one["active"]), int(one["times_redeemed"]))
