"""What the record says, in words: what was done, and each detail of it.

Knows the names under which details are kept. Refuses to know pages and links.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from referral.domain.businesses import AuditEntry
from referral.foundation.errors import Invalid
from referral.surfaces.console.frame import WAYS
from referral.surfaces.web.amounts import read_amount
from referral.surfaces.web.words import money, plain_day

ACTIONS = {
    "books.exported": "Downloaded from the books",
    "budget.set": "Changed a budget",
    "business.created": "Created the business",
    "charity.added": "Added a charity",
    "charity.changed": "Changed a charity",
    "charity.paid": "Marked donations as paid",
    "gift.confirmed": "Said what became of a gift",
    "gift_codes.imported": "Added gift codes",
    "gift_server.removed": "Removed the gift server",
    "gift_server.secret_made": "Made a new signing secret for gifts",
    "gift_server.set": "Changed the gift server",
    "gift_stock.edited": "Changed when a stock counts as low",
    "gift_stock.opened": "Opened a stock of gift codes",
    "key.issued": "Made an API key",
    "key.revoked": "Revoked an API key",
    "link.given": "Gave somebody a link",
    "credit.redeemed": "Took somebody's store credit",
    "credit.reversed": "Gave store credit back",
    "member.invited": "Invited a member",
    "member.removed": "Took somebody off the team",
    "member.role_changed": "Changed a role",
    "offer.published": "Published an offer",
    "operator.renamed": "Changed their name",
    "operator.reset": "Had a sign-in set up anew",
    "operator.signed_in": "Signed in",
    "program.created": "Opened a program",
    "program.edited": "Edited a program",
    "program.moved": "Paused, resumed or closed a program",
    "rate.imported": "Imported exchange rates",
    "rate.told": "Entered an exchange rate",
    "form.on_file": "Put a tax form on file",
    "debt.forgiven": "Forgave a debt",
    "reward.approved": "Approved a reward",
    "reward.approved_by_one": "Approved a reward, one of two",
    "reward.chosen": "Chose how a reward is given",
    "reward.denied": "Denied a reward",
    "reward.extended": "Gave longer to take a reward",
    "reward.held": "Put a reward on hold",
    "reward.released": "Released a reward",
    "reward.retried": "Tried a waiting reward again",
    "reward.taken_back": "Took a given reward back",
    "reward.reissued": "Issued a failed reward again",
    "site.added": "Added a site",
    "site.removed": "Removed a site",
    "business.time_zone_set": "Said where days begin",
    "stripe.connected": "Connected Stripe",
    "recovering.began": "Had Stripe looked at before anything is sent",
    "recovering.ended": "Ended looking at Stripe first",
    "work.retried": "Tried given-up work again",
}
_MOVED = {
    "active": "Resumed a program",
    "closed": "Closed a program for good",
    "paused": "Paused a program",
}
NAMES = {
    "account": "Account at Stripe",
    "amount_minor": "Amount",
    "approval": "Approval",
    "automatic_below": "Approved by itself below",
    "budget_minor": "Budget",
    "charity.state": "Now",
    "click_window_days": "Click window in days",
    "codes": "Codes",
    "day": "Day",
    "day_cap": "For one person a day",
    "donations": "Donations",
    "expire_days": "Unclaimed rewards expire in days",
    "file": "File",
    "hold_days": "Hold in days",
    "household_cap": "For one household",
    "is_live": "Mode",
    "kind": "Kind",
    "landing_url": "Landing page",
    "last_four": "Key ends in",
    "low_at": "Low from",
    "month_cap": "For one person a month",
    "name": "Name",
    "number": "How many",
    "origin": "Site",
    "program": "Program",
    "qualify_window_days": "Qualifying window in days",
    "rate": "Rate",
    "reason": "Reason",
    "reference": "Reference",
    "reward.kind": "Given as",
    "role": "Role",
    "second_person_from": "Two people from",
    "side": "For",
    "source": "Source",
    "state": "State",
    "status": "What became of it",
    "time_zone": "Time zone",
    "touch_rule": "Among equals",
    "url": "Address",
    "version": "Version",
    "words": "Words",
    "words_by": "Written by",
    "year": "Year",
}
"""What each detail is called; where a noun means something else by it, with that noun before."""
_VALUES = {
    "account": {"": "not told by Stripe"},
    "approval": {"automatic": "automatic", "staff": "by the team"},
    "budget_minor": {"": "no limit"},
    "charity.state": {
        "active": "people can choose it",
        "inactive": "nobody can choose it",
        "default": "it takes what nobody chooses for",
        "no_default": "what nobody chooses for waits",
    },
    "is_live": {"True": "live", "False": "test"},
    "key.kind": {"publishable": "for the widget", "secret": "for servers"},
    "reward.kind": {kind.value: words for kind, words in WAYS.items()},
    "side": {"advocate": "the advocate", "friend": "the friend"},
    "state": {"active": "open"},
    "status": {"fulfilled": "given", "refused": "not given"},
    "touch_rule": {"first": "the first counts", "last": "the last counts"},
}
_PLAIN = {
    "charity": ("name",),
    "gift_codes": ("name",),
    "gift_stock": ("name",),
    "member": ("name",),
    "offer": ("program",),
    "reward": ("state",),
}
"""What an entry's action or subject says already, by the noun of its action."""
UNSAID = ("currency", "redemption")
"""What is said by an amount, or by the reference the business gave itself."""


def what_words(entry: AuditEntry) -> str:
    """Say what was done; of a program that moved, where to."""
    if entry.action == "program.moved" and isinstance(states := entry.details.get("state"), list):
        return _MOVED.get(states[-1], ACTIONS[entry.action])
    return ACTIONS.get(entry.action, entry.action)


def details_words(entry: AuditEntry, more: Mapping[str, str], *, currency: str) -> str:
    """Write the details of an entry as one line, in one order whichever database kept them.

    `more` is what else is known of it; amounts are in `currency` where the entry names none.
    """
    noun = entry.action.partition(".")[0]
    unsaid = (*UNSAID, *_PLAIN.get(noun, ()))
    currency = str(entry.details.get("currency") or currency)
    return " · ".join(
        f"{_name(noun, name)}: {_change(noun, name, value, currency)}"
        for name, value in sorted({**entry.details, **more}.items())
        if name not in unsaid
    )


def _name(noun: str, name: str) -> str:
    known = NAMES.get(f"{noun}.{name}") or NAMES.get(name)
    return known or name.replace("_", " ").capitalize()


def _change(noun: str, name: str, value: object, currency: str) -> str:
    if isinstance(value, list) and len(value) == 2:
        before, after = (_value(noun, name, one, currency) for one in value)
        return f"{before} → {after}"
    return _value(noun, name, value, currency)


def _value(noun: str, name: str, value: object, currency: str) -> str:
    text = "" if value is None else str(value)
    known = _VALUES.get(f"{noun}.{name}") or _VALUES.get(name, {})
    if text in known:
        return known[text]
    if not text:
        return "nothing"
    return _WRITTEN[name](text, currency) if name in _WRITTEN else text


def _minor(text: str, currency: str) -> str:
    return money(int(text), currency)


def _typed(text: str, currency: str) -> str:
    """Write an amount that was kept as a form had it."""
    try:
        return money(read_amount(text, currency, field="amount"), currency)
    except Invalid:
        return text


_WRITTEN: dict[str, Callable[[str, str], str]] = {
    **dict.fromkeys(("amount_minor", "budget_minor"), _minor),
    **dict.fromkeys(
        ("automatic_below", "second_person_from", "day_cap", "month_cap", "household_cap"), _typed
    ),
    "day": lambda text, _: plain_day(text),
    "rate": lambda text, _: text.upper(),
}
"""How a value is written that is more than a word."""
