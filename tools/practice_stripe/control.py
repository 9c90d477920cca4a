"""The control surface under `/_practice/`: play the visitor, the bank and the bad network."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from .accounts import MAIN
from .books import Books, Thing, visible
from .courier import Courier
from .desk import Desk
from .errors import Refusal, malformed, unknown_address
from .payee_acts import PayeeActs
from .post import Receiver
from .replies import Reply, as_json, from_refusal
from .world import World

# The terms of acts that name an object, and its kind.
_NOUNS = {
    "session": "checkout.session",
    "subscription": "subscription",
    "charge": "charge",
    "refund": "refund",
    "dispute": "dispute",
    "customer": "customer",
    "payee": "account",
}
_NEARBY = ("127.0.0.1", "localhost", "::1")


class Control:
    """What tests and the demo may do that no API call can."""

    def __init__(self, books: Books, desk: Desk, courier: Courier) -> None:
        self._books = books
        self._desk = desk
        self._courier = courier
        world, payees = World(books), PayeeActs(books)
        self._acts: dict[str, Callable[..., Thing]] = {
            "buy": world.buy,
            "pay": world.pay,
            "settle": world.settle,
            "renew": world.renew,
            "cancel": world.cancel,
            "refund": world.refund,
            "fail_refund": world.fail_refund,
            "dispute": world.dispute,
            "close_dispute": world.close_dispute,
            "finish_onboarding": payees.finish_onboarding,
            "leave_onboarding": payees.leave_onboarding,
            "require_more": payees.require_more,
            "reject_payee": payees.reject_payee,
            "deauthorise": payees.deauthorise,
            "pay_out": payees.pay_out,
            "set_balance": payees.set_balance,
        }
        self._switches: dict[tuple[str, str], Callable[..., Any]] = {
            ("POST", "faults"): self._add_fault,
            ("GET", "faults"): desk.faults.waiting,
            ("DELETE", "faults"): desk.faults.clear,
            ("GET", "calls"): lambda: list(desk.calls),
            ("DELETE", "calls"): self._forget_calls,
            ("POST", "limit"): self._limit,
            ("POST", "permissions"): self._permit,
            ("POST", "clock"): self._set_clock,
            ("POST", "forget_keys"): self._forget_keys,
            ("POST", "reset"): self._reset,
            ("GET", "webhooks"): self._receivers,
            ("POST", "webhooks"): self._register,
            ("DELETE", "webhooks"): self._unregister,
            ("GET", "events"): self._events,
            ("GET", "deliveries"): self._deliveries,
            ("POST", "release"): self._release,
            ("POST", "deliver"): self._deliver,
        }

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        """Answer one call with JSON; unknown names and bad values are refused with 400."""
        name, terms = _name(path)
        try:
            given = json.loads(body or b"{}")
            if not isinstance(given, dict):
                raise malformed("The body must be a JSON object.")
            return Reply(200, as_json(self._call(method, name, {**given, **terms})))
        except Refusal as refusal:
            return from_refusal(refusal)
        except (json.JSONDecodeError, UnicodeDecodeError):
            return from_refusal(malformed("The body is not JSON."))

    def _call(self, method: str, name: str, given: Thing) -> Any:
        if method == "POST" and name in self._acts:
            return self._perform(self._acts[name], given)
        switch = self._switches.get((method, name))
        if switch is None:
            raise unknown_address(method, f"/_practice/{name}")
        return switch(**_fitting(switch, given))

    def _perform(self, act: Callable[..., Thing], given: Thing) -> Thing:
        """Do an act of the world at a moment, with or without sending its webhooks."""
        at, delivers = given.pop("at", None), given.pop("deliver", True)
        account = self._account(given)
        terms = _fitting(act, given)
        with self._books.acting(account=account, at=at, delivers=delivers) as events:
            done = act(**terms)
            shown = {name: visible(one) for name, one in done.items() if one is not None}
        self._courier.wake()
        return {**dict.fromkeys(done), **shown, "events": events}

    def _account(self, given: Thing) -> int:
        """Where an act belongs: the account of the key, else of the object it is about."""
        with self._books.acting():
            if "key" in given:
                return self._books.accounts.number_of(given.pop("key"))
            named = [(kind, given[noun]) for noun, kind in _NOUNS.items() if given.get(noun)]
            return self._books.account_with(*named[0]) if named else MAIN

    def _add_fault(self, *, kind: str, match: Thing | None = None, **terms: Any) -> list[Thing]:
        self._desk.faults.add(kind, match, **terms)
        return self._desk.faults.waiting()

    def _forget_calls(self) -> None:
        self._desk.calls.clear()  # Python 3.11 cannot tell what a deque's own method takes.

    def _limit(self, *, per_second: float | None) -> None:
        self._desk.per_second = per_second

    def _permit(self, *, refused: list[str]) -> None:
        self._desk.refused_rights = set(refused)

    def _set_clock(self, *, offset_s: int) -> None:
        with self._books.acting():
            self._books.clock_offset_s = offset_s

    def _forget_keys(self) -> Thing:
        with self._books.acting():
            return {"forgotten": self._books.answers.forget()}

    def _reset(self) -> None:
        with self._books.acting():
            self._books.reset()
        self._desk.faults.clear()
        self._desk.calls.clear()
        self._desk.per_second = None
        self._desk.refused_rights = set()
        self._set_clock(offset_s=0)

    def _receivers(self) -> list[Thing]:
        with self._books.acting():
            return [{"url": one.url, "types": one.types} for one in self._books.post.receivers()]

    def _register(
        self, *, url: str, secret: str, events: list[str] | None = None, key: str | None = None
    ) -> Thing:
        if urlsplit(url).hostname not in _NEARBY:
            raise malformed("Practice events go to this machine only.", param="url")
        with self._books.acting():
            account = self._books.accounts.number_of(key) if key else MAIN
            self._books.post.register(Receiver(url, secret, tuple(events or ()), account))
        return {"registered": url}

    def _unregister(self, *, url: str) -> None:
        with self._books.acting():
            self._books.post.unregister(url)

    def _events(self) -> list[Thing]:
        with self._books.acting(account=None):
            return [visible(one) for one in self._books.every("event")][::-1]

    def _deliveries(self) -> list[Thing]:
        with self._books.acting():
            return [vars(one) for one in self._books.post.deliveries()]

    def _release(self) -> None:
        with self._books.acting():
            self._books.post.release()
        self._courier.wake()

    def _deliver(self, *, event: str, times: int = 1, parallel: bool = False) -> Thing:
        return {"statuses": self._courier.deliver_now(event, times=times, is_parallel=parallel)}


def _name(path: str) -> tuple[str, Thing]:
    """Read an address: `refunds/{id}/fail` is the act `fail_refund` of that refund."""
    parts = path.removeprefix("/_practice/").strip("/").split("/")
    longer = {
        ("sessions", "pay"): ("pay", "session"),
        ("sessions", "settle"): ("settle", "session"),
        ("subscriptions", "cancel"): ("cancel", "subscription"),
        ("refunds", "fail"): ("fail_refund", "refund"),
        ("disputes", "close"): ("close_dispute", "dispute"),
        ("events", "deliver"): ("deliver", "event"),
    }
    if len(parts) == 3 and (parts[0], parts[2]) in longer:
        name, noun = longer[parts[0], parts[2]]
        return name, {noun: parts[1]}
    return "/".join(parts), {}


def _fitting(act: Callable[..., Any], given: Thing) -> Thing:
    """Refuse names an act does not take, and missing ones."""
    try:
        inspect.signature(act).bind(**given)
    except TypeError as error:
        raise malformed(f"{error}") from None
    return given
