"""The pages people see: an overview of the practice account, and checkout."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from itertools import islice
from pathlib import Path
from time import gmtime, strftime
from urllib.parse import parse_qsl

from . import checkout, onboarding, paying
from .books import Books, Thing
from .coupons import fresh_code
from .discounts import weigh
from .errors import Refusal
from .layout import page, safety, table
from .money import shown
from .replies import Reply

_STYLE = Path(__file__).with_name("practice.css")
_MOST_ROWS = 100


class Pages:
    """Answers browsers. Every page says that no real money is moved."""

    def __init__(self, books: Books, after_commit: Callable[[], None]) -> None:
        self._books = books
        self._after_commit = after_commit

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        """Serve one page."""
        if path == "/" and method in ("GET", "HEAD"):
            return self._overview()
        if path == "/practice.css" and method in ("GET", "HEAD"):
            return Reply(200, _STYLE.read_bytes(), {"Content-Type": "text/css; charset=utf-8"})
        if path.startswith("/checkout/"):
            return self._checkout(method, path.removeprefix("/checkout/"), body)
        if path.startswith("/onboarding/") and method in ("GET", "POST"):
            return self._onboarding(method, path.removeprefix("/onboarding/"), body)
        return page("Not found", "<p>There is nothing at this address.</p>", status=404)

    def _overview(self) -> Reply:
        with self._books.acting(account=None):
            return page("Practice account", _overview(self._books))

    def _checkout(self, method: str, session_id: str, body: bytes) -> Reply:
        problem, form = "", dict(parse_qsl(body.decode(errors="replace")))
        try:
            if method == "POST":
                return self._pay(session_id, form)
        except Refusal as refusal:
            problem = str(refusal)
        try:
            with self._books.acting(account=self._account_of(session_id)):
                session = checkout.retrieve(self._books, {}, session_id)
                return _checkout(self._books, session, form=form, problem=problem)
        except Refusal:
            return page("Not found", "<p>There is no such checkout session.</p>", status=404)

    def _onboarding(self, method: str, link_id: str, body: bytes) -> Reply:
        form = dict(parse_qsl(body.decode(errors="replace")))
        with self._books.acting():
            account = onboarding.account_of(self._books, link_id)
        with self._books.acting(account=account):
            if method == "GET":
                return onboarding.visit(self._books, link_id)
            reply = onboarding.submit(self._books, link_id, form)
        self._after_commit()
        return reply

    def _pay(self, session_id: str, form: dict[str, str]) -> Reply:
        with self._books.acting(account=self._account_of(session_id)):
            session = checkout.retrieve(self._books, {}, session_id)
            if session["status"] != "complete":
                session = paying.pay(
                    self._books,
                    session_id,
                    email=form.get("email") or None,
                    name=form.get("name") or None,
                    promotion_code=form.get("promotion_code") or None,
                    is_delayed="is_delayed" in form,
                )
        self._after_commit()
        target = _success_url(session)
        return Reply(303, b"", {"Location": target, **safety(target)})

    def _account_of(self, session_id: str) -> int:
        with self._books.acting():
            return self._books.account_with("checkout.session", session_id)


def _overview(books: Books) -> str:
    """Everything worth seeing at a glance, newest first."""
    customers = [
        (one["name"], one["email"], one["id"], _balance(one))
        for one in _newest(books, "customer")
        if not one.get("deleted")
    ]
    entries = [
        (_moment(one), one["customer"], _signed(one), one["type"], one["description"])
        for one in _newest(books, "customer_balance_transaction")
    ]
    codes = [
        (
            one["code"],
            one["customer"] or "anyone",
            "active" if one["active"] else "inactive",
            str(one["times_redeemed"]),
        )
        for one in (fresh_code(books, each) for each in _newest(books, "promotion_code"))
    ]
    charges = [
        (
            _moment(one),
            one["customer"] or "guest",
            shown(one["amount"], one["currency"]),
            shown(one["amount_refunded"], one["currency"]),
            one["status"],
        )
        for one in _newest(books, "charge")
    ]
    payees = [
        (one["email"], one["id"], one["country"], _standing(one))
        for one in _newest(books, "account")
    ]
    transfers = [
        (
            _moment(one),
            one["destination"],
            shown(one["amount"], one["currency"]),
            shown(one["amount_reversed"], one["currency"]),
        )
        for one in _newest(books, "transfer")
    ]
    events = [(_moment(one), one["type"], one["id"]) for one in _newest(books, "event")]
    return "".join(
        (
            table("Customers", ("Name", "E-mail", "Id", "Balance"), customers),
            table("Balance transactions", ("When", "Customer", "Amount", "Kind", "Why"), entries),
            table("Promotion codes", ("Code", "For", "State", "Times used"), codes),
            table("Payments", ("When", "Customer", "Amount", "Refunded", "State"), charges),
            table("Connected accounts", ("E-mail", "Id", "Country", "State"), payees),
            table("Transfers", ("When", "To", "Amount", "Taken back"), transfers),
            table("Events", ("When", "Type", "Id"), events),
        )
    )


def _checkout(books: Books, session: Thing, *, form: dict[str, str], problem: str) -> Reply:
    """The payment page of a session."""
    unit = session["currency"]
    if session["status"] == "complete":
        return page(
            "Paid",
            f"<p>{shown(session['amount_total'], unit)} was paid. "
            f'<a href="{escape(_success_url(session))}">Go on</a></p>',
            leads_to=session["success_url"],
        )
    if session["status"] == "expired":
        return page("Too late", "<p>This checkout session has expired.</p>", status=410)
    lines = "".join(
        f"<tr><td>{escape(line['description'])} &times; {line['quantity']}</td>"
        f"<td>{shown(line['amount'], unit)}</td></tr>"
        for line in session["_lines"]
    )
    taken = session["total_details"]["amount_discount"]
    if taken:
        lines += (
            f"<tr><td>{_discount(books, session)}</td><td>&minus;{shown(taken, unit)}</td></tr>"
        )
    total = shown(session["amount_total"], unit)
    body = f"""
<table class="order"><caption>Your order</caption><tbody>{lines}</tbody>
<tfoot><tr><th scope="row">Total</th><td>{total}</td></tr></tfoot></table>
{f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""}
<form method="post">
{_fields(session, form)}
<button>Pay {total}</button>
</form>
"""
    if session["cancel_url"]:
        body += f'<p><a href="{escape(session["cancel_url"])}">Back without paying</a></p>'
    return page("Pay", body, leads_to=session["success_url"], status=400 if problem else 200)


def _fields(session: Thing, form: dict[str, str]) -> str:
    """What is asked of the visitor, with what they have entered already."""

    def field(name: str, label: str, more: str = "") -> str:
        value = escape(form.get(name, ""))
        return f'<label>{label} <input name="{name}" value="{value}" {more}></label>'

    fields = ""
    if session["_email"] is None:
        fields += field("email", "E-mail", 'type="email" autocomplete="email" required')
        fields += field("name", "Name", 'autocomplete="name"')
    if session["allow_promotion_codes"]:
        fields += field("promotion_code", "Promotion code", 'autocomplete="off"')
    if session["mode"] == "payment":
        fields += (
            '<label class="choice"><input name="is_delayed" type="checkbox"> '
            "Pay by slow bank transfer</label>"
        )
    return fields


def _discount(books: Books, session: Thing) -> str:
    asked = {name: value for name, value in session["discounts"][0].items() if value}
    try:
        coupon, code, _ = weigh(
            books,
            asked,
            customer=session["customer"],
            amount=session["amount_subtotal"],
            currency=session["currency"],
        )
    except Refusal as refusal:
        return escape(str(refusal))
    return escape(code["code"] if code else coupon["name"] or coupon["id"])


def _newest(books: Books, kind: str) -> list[Thing]:
    return list(islice(books.every(kind), _MOST_ROWS))


def _success_url(session: Thing) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _balance(customer: Thing) -> str:
    amount, unit = customer["balance"], customer["currency"] or "usd"
    if amount == 0:
        return "0"
    return f"{shown(abs(amount), unit)} {'credit' if amount < 0 else 'owed'}"


def _signed(entry: Thing) -> str:
    kind = "credit" if entry["amount"] < 0 else "debit"
    return f"{shown(abs(entry['amount']), entry['currency'])} {kind}"


def _standing(payee: Thing) -> str:
    if not payee["_is_connected"]:
        return "disconnected"
    is_payable = payee["capabilities"].get("transfers") == "active"
    return "can be paid" if is_payable else payee["requirements"]["disabled_reason"] or "inactive"


def _moment(thing: Thing) -> str:
    return strftime("%Y-%m-%d %H:%M:%S", gmtime(thing["created"]))
