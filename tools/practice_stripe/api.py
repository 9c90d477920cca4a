"""The table of contents of the API: which address takes which parameters and does what."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from . import (
    account,
    checkout,
    coupons,
    customers,
    invoices,
    onboarding,
    payees,
    payments,
    refunds,
    subscriptions,
    transfers,
)
from .books import Books, Thing
from .errors import unknown_address
from .listing import Presenter, whole_list
from .params import Check, body

Act = Callable[..., Thing]
_READ = body({})


@dataclass(frozen=True)
class Route:
    """One address: `{}` stands for an id, handed to `act` after (books, params)."""

    method: str
    path: str
    takes: Check
    act: Act

    @property
    def right(self) -> str:
        """What a restricted key needs for it, such as `customers:write`."""
        resource = self.path.split("/")[2]
        return f"{resource}:{'read' if self.method == 'GET' else 'write'}"

    @property
    def is_for_payees(self) -> bool:
        """Whether it may be asked in the name of a connected account (`Stripe-Account`)."""
        return self.path in ("/v1/account", "/v1/balance", "/v1/events", "/v1/events/{}")

    def match(self, method: str, path: str) -> tuple[str, ...] | None:
        """The ids in the path, or None when this is another address."""
        if method != self.method:
            return None
        found = re.fullmatch(self.path.replace("{}", "([^/]+)"), path)
        return found.groups() if found else None


ROUTES = [
    Route("POST", "/v1/customers", customers.CREATE, customers.create),
    Route("GET", "/v1/customers", customers.LIST, customers.find_all),
    Route("GET", "/v1/customers/{}", _READ, customers.retrieve),
    Route("POST", "/v1/customers/{}", customers.UPDATE, customers.update),
    Route("DELETE", "/v1/customers/{}", _READ, customers.delete),
    Route("POST", "/v1/customers/{}/balance_transactions", customers.CREDIT, customers.credit),
    Route(
        "GET", "/v1/customers/{}/balance_transactions", customers.CREDITS, customers.find_credits
    ),
    Route("GET", "/v1/customers/{}/balance_transactions/{}", _READ, customers.retrieve_credit),
    Route("POST", "/v1/coupons", coupons.CREATE, coupons.create),
    Route("GET", "/v1/coupons", coupons.LIST, coupons.find_all),
    Route("GET", "/v1/coupons/{}", _READ, coupons.retrieve),
    Route("POST", "/v1/coupons/{}", coupons.UPDATE, coupons.update),
    Route("DELETE", "/v1/coupons/{}", _READ, coupons.delete),
    Route("POST", "/v1/promotion_codes", coupons.CREATE_CODE, coupons.create_code),
    Route("GET", "/v1/promotion_codes", coupons.LIST_CODES, coupons.find_codes),
    Route("GET", "/v1/promotion_codes/{}", _READ, coupons.retrieve_code),
    Route("POST", "/v1/promotion_codes/{}", coupons.UPDATE_CODE, coupons.update_code),
    Route("POST", "/v1/checkout/sessions", checkout.CREATE, checkout.create),
    Route("GET", "/v1/checkout/sessions", checkout.LIST, checkout.find_all),
    Route("GET", "/v1/checkout/sessions/{}", _READ, checkout.retrieve),
    Route("POST", "/v1/checkout/sessions/{}/expire", _READ, checkout.expire),
    Route("GET", "/v1/checkout/sessions/{}/line_items", _READ, checkout.find_line_items),
    Route("POST", "/v1/payment_intents", payments.CREATE, payments.create),
    Route("GET", "/v1/payment_intents", payments.LIST, payments.find_all),
    Route("GET", "/v1/payment_intents/{}", _READ, payments.retrieve),
    Route("POST", "/v1/payment_intents/{}/confirm", payments.CONFIRM, payments.confirm),
    Route("GET", "/v1/charges", payments.LIST_CHARGES, payments.find_charges),
    Route("GET", "/v1/charges/{}", _READ, payments.retrieve_charge),
    Route("POST", "/v1/refunds", refunds.CREATE, refunds.create),
    Route("GET", "/v1/refunds", refunds.LIST, refunds.find_all),
    Route("GET", "/v1/refunds/{}", _READ, refunds.retrieve),
    Route("GET", "/v1/disputes", refunds.LIST_DISPUTES, refunds.find_disputes),
    Route("GET", "/v1/disputes/{}", _READ, refunds.retrieve_dispute),
    Route("GET", "/v1/invoices", invoices.LIST, invoices.find_all),
    Route("GET", "/v1/invoices/{}", _READ, invoices.retrieve),
    Route("GET", "/v1/invoice_payments", invoices.LIST_PAYMENTS, invoices.find_payments),
    Route("GET", "/v1/subscriptions", subscriptions.LIST, subscriptions.find_all),
    Route("GET", "/v1/subscriptions/{}", _READ, subscriptions.retrieve),
    Route("POST", "/v1/subscriptions/{}", subscriptions.UPDATE, subscriptions.update),
    Route("DELETE", "/v1/subscriptions/{}", _READ, subscriptions.cancel),
    Route("GET", "/v1/events", account.LIST_EVENTS, account.find_events),
    Route("GET", "/v1/events/{}", _READ, account.retrieve_event),
    Route("GET", "/v1/account", _READ, account.retrieve),
    Route("GET", "/v1/balance", _READ, account.retrieve_balance),
    Route("POST", "/v1/accounts", payees.CREATE, payees.create),
    Route("GET", "/v1/accounts", payees.LIST, payees.find_all),
    Route("GET", "/v1/accounts/{}", _READ, payees.retrieve),
    Route("POST", "/v1/account_links", onboarding.CREATE, onboarding.create),
    Route("POST", "/v1/transfers", transfers.CREATE, transfers.create),
    Route("GET", "/v1/transfers", transfers.LIST, transfers.find_all),
    Route("GET", "/v1/transfers/{}", _READ, transfers.retrieve),
    Route("POST", "/v1/transfers/{}", transfers.UPDATE, transfers.update),
    Route("POST", "/v1/transfers/{}/reversals", transfers.REVERSE, transfers.reverse),
    Route("GET", "/v1/transfers/{}/reversals", transfers.LIST_REVERSALS, transfers.find_reversals),
    Route("GET", "/v1/transfers/{}/reversals/{}", _READ, transfers.retrieve_reversal),
]


def find_route(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """The route of an address and the ids in it; raises Refusal for an unknown one."""
    for route in ROUTES:
        ids = route.match(method, path)
        if ids is not None:
            return route, ids
    raise unknown_address(method, path)


def perform(books: Books, route: Route, params: Thing, *, ids: tuple[str, ...]) -> Thing:
    """Do what a call asks and answer its object, expanded as the call wished."""
    asked = {name: value for name, value in params.items() if name != "expand"}
    thing = route.act(books, asked, *(unquote(one) for one in ids))
    return Presenter(books, _COMPUTED, _FRESHENED).show(thing, params.get("expand", []))


def _credit_map(books: Books, customer: Thing) -> dict[str, int]:
    return {customer["currency"]: -customer["balance"]} if customer["currency"] else {}


def _refunds_of(books: Books, charge: Thing) -> Any:
    found = list(books.every("refund", {"charge": charge["id"]}))
    return whole_list(found, url=f"/v1/charges/{charge['id']}/refunds")


_COMPUTED = {
    ("charge", "refunds"): _refunds_of,
    ("checkout.session", "line_items"): checkout.line_items,
    ("customer", "invoice_credit_balance"): _credit_map,
    ("customer", "subscriptions"): subscriptions.of_customer,
    ("invoice", "payments"): invoices.payments_of,
}
_FRESHENED = {"coupon": coupons.fresh_coupon, "promotion_code": coupons.fresh_code}
