"""Connected accounts: people a business pays. They become payable by onboarding, and may stop."""

from __future__ import annotations

from .accounts import MAIN
from .books import Books, Thing, new_id
from .errors import Refusal, invalid, malformed
from .listing import listing, whole_list
from .params import (
    body,
    boolean,
    choice,
    currency,
    integer,
    merged,
    metadata,
    page,
    table,
    text,
)

PLATFORM_COUNTRY = "US"
NEEDED = ("business_type", "external_account", "tos_acceptance.date", "tos_acceptance.ip")
NEEDED_AFTER_HALF = ("external_account", "tos_acceptance.date", "tos_acceptance.ip")

_REQUEST = table({"requested": boolean}, ("requested",))
CREATE = body(
    {
        "business_profile": table({"mcc": text(4), "name": text(), "product_description": text()}),
        "business_type": choice("company", "government_entity", "individual", "non_profit"),
        "capabilities": table({"card_payments": _REQUEST, "transfers": _REQUEST}),
        "controller": table(
            {
                "fees": table({"payer": choice("account", "application")}),
                "losses": table({"payments": choice("application", "stripe")}),
                "requirement_collection": choice("application", "stripe"),
                "stripe_dashboard": table({"type": choice("express", "full", "none")}),
            }
        ),
        "country": text(2),
        "default_currency": currency,
        "email": text(800),
        "metadata": metadata,
        "tos_acceptance": table(
            {"date": integer(0), "ip": text(), "service_agreement": choice("full", "recipient")}
        ),
        "type": choice("custom", "express", "standard"),
    }
)
LIST = page()


def create(books: Books, params: Thing) -> Thing:
    """Create a connected account that cannot be paid yet: its owner must be onboarded first."""
    controller = _controller(params)
    country = params.get("country", PLATFORM_COUNTRY).upper()
    agreement = params.get("tos_acceptance", {}).get("service_agreement", "full")
    asked = params.get("capabilities", {})
    _refuse_agreement(agreement, country, asked)
    account_id = new_id("acct_1", 15)
    payee = {
        "id": account_id,
        "object": "account",
        "business_profile": params.get("business_profile"),
        "business_type": params.get("business_type"),
        "capabilities": {name: "inactive" for name, one in asked.items() if one["requested"]},
        "charges_enabled": False,
        "controller": controller,
        "country": country,
        "created": books.now(),
        "default_currency": params.get("default_currency", "usd"),
        "details_submitted": False,
        "email": params.get("email"),
        "external_accounts": whole_list([], url=f"/v1/accounts/{account_id}/external_accounts"),
        "future_requirements": _requirements(()),
        "metadata": merged({}, params.get("metadata")),
        "payouts_enabled": False,
        "requirements": _requirements(NEEDED, is_past_due=True),
        "settings": {"payouts": {"debit_negative_balances": True, "schedule": _DAILY}},
        "tos_acceptance": {"date": None, "ip": None, "service_agreement": agreement},
        "type": "express" if controller["stripe_dashboard"]["type"] == "express" else "none",
        "_is_connected": True,
    }
    return books.put(payee)


def retrieve(books: Books, params: Thing, account_id: str) -> Thing:
    """Read a connected account, or the platform by its own id."""
    if account_id == books.accounts.id_of(books.account or MAIN):
        return platform(books)
    return connected(books, account_id)


def find_all(books: Books, params: Thing) -> Thing:
    """List the connected accounts."""
    return listing(
        books, "account", params, url="/v1/accounts", keep=lambda one: one["_is_connected"]
    )


def connected(books: Books, account_id: str) -> Thing:
    """Read an account that is connected; raises Refusal 403, also for one that left."""
    payee = books.get("account", account_id)
    if payee is None or not payee["_is_connected"]:
        raise not_yours(account_id)
    return payee


def not_yours(account_id: str) -> Refusal:
    """Refuse an account that does not exist, or is not connected (any more)."""
    return Refusal(
        403,
        f"This key may not reach the account '{account_id}', or there is no such account.",
        code="account_invalid",
        is_kept=False,
    )


def platform(books: Books) -> Thing:
    """Describe the account of the asking key."""
    return {
        "id": books.accounts.id_of(books.account or MAIN),
        "object": "account",
        "business_profile": {"name": "Practice Stripe", "url": None},
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": PLATFORM_COUNTRY,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "practice@example.com",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": "Practice Stripe", "timezone": "Etc/UTC"}},
        "type": "standard",
    }


def complete(books: Books, payee: Thing) -> Thing:
    """Let the owner give everything that is asked: they can be paid from now on."""
    payee["capabilities"] = dict.fromkeys(payee["capabilities"], "active")
    payee["charges_enabled"] = "card_payments" in payee["capabilities"]
    payee["tos_acceptance"] |= {"date": books.now(), "ip": "127.0.0.1"}
    payee.update(
        business_type="individual",
        details_submitted=True,
        payouts_enabled=True,
        requirements=_requirements(()),
    )
    return _changed(books, payee)


def leave_half(books: Books, payee: Thing) -> Thing:
    """Let the owner give a part and go away: the rest is still due."""
    payee["business_type"] = "individual"
    return _stop(books, payee, _requirements(NEEDED_AFTER_HALF, is_past_due=True))


def require(books: Books, payee: Thing, names: list[str], *, deadline: int | None) -> Thing:
    """Ask the owner for more: until the deadline they can be paid on, without one no longer."""
    requirements = _requirements(names, is_past_due=deadline is None)
    if deadline is None:
        return _stop(books, payee, requirements)
    payee["requirements"] = {**requirements, "current_deadline": deadline}
    return _changed(books, payee)


def reject(books: Books, payee: Thing, reason: str) -> Thing:
    """Turn the owner away for good: fraud, terms_of_service, listed or other."""
    return _stop(books, payee, {**_requirements(()), "disabled_reason": f"rejected.{reason}"})


def deauthorise(books: Books, payee: Thing) -> Thing:
    """Disconnect an account: the platform cannot reach it any more."""
    payee["_is_connected"] = False
    application = {"id": "ca_practice", "object": "application", "name": "Practice Stripe"}
    books.emit("account.application.deauthorized", application, of=payee["id"])
    return books.put(payee)


_DAILY = {"delay_days": 2, "interval": "daily"}


def _controller(params: Thing) -> Thing:
    if "type" in params and "controller" in params:
        raise malformed("You may only give one of these parameters: type, controller.")
    given = params.get("controller", {})
    kind = params.get("type", "standard")
    ours = "type" in params and kind != "standard"
    dashboard = {"standard": "full", "custom": "none"}.get(kind, kind)
    payer = given.get("fees", {}).get("payer", "application" if ours else "account")
    losses = given.get("losses", {}).get("payments", "application" if ours else "stripe")
    if losses == "application" and payer != "application":
        raise invalid(
            "Who bears losses must pay the fees as well.", param="controller[fees][payer]"
        )
    return {
        "fees": {"payer": payer},
        "is_controller": True,
        "losses": {"payments": losses},
        "requirement_collection": given.get("requirement_collection", "stripe"),
        "stripe_dashboard": {"type": given.get("stripe_dashboard", {}).get("type", dashboard)},
        "type": "application",
    }


def _refuse_agreement(agreement: str, country: str, asked: Thing) -> None:
    if agreement == "full":
        return
    if country == PLATFORM_COUNTRY:
        raise invalid(
            f"A platform in {country} has no recipients in {country}.",
            param="tos_acceptance[service_agreement]",
        )
    if "card_payments" in asked:
        raise invalid("A recipient takes no card payments.", param="capabilities[card_payments]")


def _requirements(names: tuple[str, ...] | list[str], *, is_past_due: bool = False) -> Thing:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": list(names),
        "disabled_reason": "requirements.past_due" if is_past_due else None,
        "errors": [],
        "eventually_due": list(names),
        "past_due": list(names) if is_past_due else [],
        "pending_verification": [],
    }


def _stop(books: Books, payee: Thing, requirements: Thing) -> Thing:
    """Let nobody pay this account until it is mended."""
    payee["capabilities"] = dict.fromkeys(payee["capabilities"], "inactive")
    payee.update(charges_enabled=False, payouts_enabled=False, requirements=requirements)
    return _changed(books, payee)


def _changed(books: Books, payee: Thing) -> Thing:
    books.emit("account.updated", books.put(payee), of=payee["id"])
    return payee
