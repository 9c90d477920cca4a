"""What people do to the practice account: visitors buy, banks dispute, businesses refund."""

from __future__ import annotations

from . import checkout, paying, refunds, subscriptions
from .books import Books, Thing
from .errors import malformed

_THANKS = "https://example.com/thanks"


class World:
    """The acts, each answering the objects it touched by noun. Used inside `books.acting()`."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def buy(
        self,
        *,
        amount: int,
        currency: str = "usd",
        mode: str = "payment",
        interval: str = "month",
        customer: str | None = None,
        email: str | None = None,
        name: str | None = None,
        is_guest: bool = False,
        tax: int = 0,
        coupon: str | None = None,
        promotion_code: str | None = None,
        client_reference_id: str | None = None,
        metadata: dict[str, str] | None = None,
        inner_metadata: dict[str, str] | None = None,
        invoice: bool = False,
        is_delayed: bool = False,
        description: str = "Practice purchase",
    ) -> Thing:
        """Create a checkout session and pay it at once.

        `tax` is the part of `amount` that is tax. `metadata` stays on the session;
        `inner_metadata` goes to the payment intent or subscription.
        """
        if not isinstance(amount, int) or amount < 0 or not 0 <= tax <= amount:
            raise malformed("amount and tax are whole minor units, tax at most the amount.")
        is_once = mode == "payment"
        price: Thing = {"currency": currency, "unit_amount": amount}
        price["product_data"] = {"name": description}
        if not is_once:
            price["recurring"] = {"interval": interval}
        params: Thing = {
            "mode": mode,
            "line_items": [{"price_data": price, "quantity": 1}],
            "success_url": _THANKS,
            "metadata": metadata,
            "payment_intent_data" if is_once else "subscription_data": {
                "metadata": inner_metadata or {}
            },
        }
        if customer is not None:
            params["customer"] = customer
        elif is_once and not is_guest:
            params["customer_creation"] = "always"
        if client_reference_id is not None:
            params["client_reference_id"] = client_reference_id
        if invoice and is_once:
            params["invoice_creation"] = {"enabled": True}
        if coupon is not None:
            params["discounts"] = [{"coupon": coupon}]
        else:
            params["allow_promotion_codes"] = True
        session = checkout.create(self._books, params)
        return self.pay(
            session=session["id"],
            email=email,
            name=name,
            tax=tax,
            promotion_code=promotion_code,
            is_delayed=is_delayed,
        )

    def pay(
        self,
        *,
        session: str,
        email: str | None = None,
        name: str | None = None,
        tax: int = 0,
        promotion_code: str | None = None,
        is_delayed: bool = False,
    ) -> Thing:
        """Pay an open session as its visitor."""
        paid = paying.pay(
            self._books,
            session,
            email=email,
            name=name,
            tax=tax,
            promotion_code=promotion_code,
            is_delayed=is_delayed,
        )
        return self._all_about(paid)

    def settle(self, *, session: str, outcome: str = "succeeded") -> Thing:
        """End the wait of a delayed payment: succeeded or failed."""
        if outcome not in ("succeeded", "failed"):
            raise malformed("outcome must be succeeded or failed", param="outcome")
        return self._all_about(paying.settle(self._books, session, is_paid=outcome == "succeeded"))

    def renew(self, *, subscription: str, tax: int = 0) -> Thing:
        """Begin and bill a subscription's next period."""
        invoice = subscriptions.renew(self._books, subscription, tax=tax)
        return {"invoice": invoice, **self._paid_by(invoice)}

    def cancel(self, *, subscription: str) -> Thing:
        """End a subscription."""
        return {"subscription": subscriptions.cancel(self._books, {}, subscription)}

    def refund(self, *, charge: str, amount: int | None = None) -> Thing:
        """Refund a charge as the business would in its dashboard."""
        params = {"charge": charge} | ({} if amount is None else {"amount": amount})
        refund = refunds.create(self._books, params)
        return {"refund": refund, "charge": self._books.get("charge", charge)}

    def fail_refund(self, *, refund: str) -> Thing:
        """Let a refund fail after all."""
        failed = refunds.fail(self._books, refund)
        return {"refund": failed, "charge": self._books.get("charge", failed["charge"])}

    def dispute(
        self, *, charge: str, amount: int | None = None, reason: str = "fraudulent"
    ) -> Thing:
        """Let the payer's bank dispute a charge."""
        return {"dispute": refunds.dispute(self._books, charge, amount=amount, reason=reason)}

    def close_dispute(self, *, dispute: str, status: str) -> Thing:
        """Decide a dispute: won or lost."""
        if status not in ("won", "lost"):
            raise malformed("status must be won or lost", param="status")
        return {"dispute": refunds.close_dispute(self._books, dispute, status=status)}

    def _all_about(self, session: Thing) -> Thing:
        get = self._books.get
        invoice = session["invoice"] and get("invoice", session["invoice"])
        intent = session["payment_intent"] and get("payment_intent", session["payment_intent"])
        paid = self._paid_by(invoice) if invoice and not intent else {"payment_intent": intent}
        charge = (paid["payment_intent"] or {}).get("latest_charge")
        return {
            "session": session,
            "customer": session["customer"] and get("customer", session["customer"]),
            "subscription": session["subscription"]
            and get("subscription", session["subscription"]),
            "invoice": invoice,
            "payment_intent": paid["payment_intent"],
            "charge": charge and get("charge", charge),
        }

    def _paid_by(self, invoice: Thing) -> Thing:
        payment = next(self._books.every("invoice_payment", {"invoice": invoice["id"]}), None)
        if payment is None:
            return {"payment_intent": None, "charge": None}
        intent = self._books.find("payment_intent", payment["payment"]["payment_intent"])
        return {
            "payment_intent": intent,
            "charge": self._books.get("charge", intent["latest_charge"]),
        }
