"""Account links: a page where the owner of a connected account gives what is asked, once."""

from __future__ import annotations

from html import escape

from . import payees
from .books import Books, Thing, new_id
from .errors import malformed
from .layout import page
from .params import address_url, body, choice, table, text
from .replies import Reply

LIFE_S = 300
_KIND = "_onboarding"

CREATE = body(
    {
        "account": text(),
        "collection_options": table(
            {
                "fields": choice("currently_due", "eventually_due"),
                "future_requirements": choice("include", "omit"),
            }
        ),
        "refresh_url": address_url,
        "return_url": address_url,
        "type": choice("account_onboarding", "account_update"),
    },
    required=("account", "type"),
)


def create(books: Books, params: Thing) -> Thing:
    """Make a link that can be opened once, within five minutes."""
    payee = payees.connected(books, params["account"])
    if params["type"] == "account_update" and payee["type"] in ("express", "standard"):
        raise malformed(f"There are no update links for {payee['type']} accounts.", param="type")
    for name in ("refresh_url", "return_url"):
        if name not in params:
            raise malformed(
                f"Missing required param: {name}.", param=name, code="parameter_missing"
            )
    link = {
        "id": new_id("", 32),
        "object": _KIND,
        "account": payee["id"],
        "expires_at": books.now() + LIFE_S,
        "refresh_url": params["refresh_url"],
        "return_url": params["return_url"],
        "state": "new",
    }
    books.put(link)
    return {
        "object": "account_link",
        "created": books.now(),
        "expires_at": link["expires_at"],
        "url": f"{books.base_url}/onboarding/{link['id']}",
    }


def account_of(books: Books, link_id: str) -> int:
    """Which platform's link it is."""
    return books.account_with(_KIND, link_id)


def visit(books: Books, link_id: str) -> Reply:
    """Open a link: the first visit shows the page, any other leads to `refresh_url`."""
    link = books.get(_KIND, link_id)
    if link is None:
        return page("Not found", "<p>There is no such link.</p>", status=404)
    if link["state"] != "new" or link["expires_at"] <= books.now():
        return _leave(link["refresh_url"])
    books.put({**link, "state": "open"})
    return _ask(books, link)


def submit(books: Books, link_id: str, form: dict[str, str]) -> Reply:
    """Take what the owner chose: everything that is asked, or to go on another time."""
    link = books.get(_KIND, link_id)
    if link is None:
        return page("Not found", "<p>There is no such link.</p>", status=404)
    if link["state"] != "open":
        return _leave(link["refresh_url"])
    act = payees.complete if form.get("step") == "complete" else payees.leave_half
    act(books, payees.connected(books, link["account"]))
    books.put({**link, "state": "used"})
    return _leave(link["return_url"])


def _ask(books: Books, link: Thing) -> Reply:
    payee = payees.connected(books, link["account"])
    needs = "".join(f"<li>{escape(one)}</li>" for one in payee["requirements"]["currently_due"])
    return page(
        "Get paid",
        f"""
<p>{escape(payee["email"] or payee["id"])} is about to be paid through Practice Stripe.
Stripe would ask for these here:</p>
<ul>{needs or "<li>nothing more</li>"}</ul>
<form method="post">
<button name="step" value="complete">Give everything</button>
<button class="second" name="step" value="half">Give a part, go on later</button>
</form>
""",
        leads_to=link["return_url"],
        also_leads_to=link["refresh_url"],
    )


def _leave(url: str) -> Reply:
    return Reply(303, b"", {"Location": url, "Cache-Control": "no-store"})
