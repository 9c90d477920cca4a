"""How tests and the demo drive practice Stripe: a small client, and ways to start a server."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from .server import Server

Found = Any  # what JSON holds
_PATIENCE_S = 30.0
_ROOT = Path(__file__).resolve().parents[2]


class Refused(Exception):
    """The control surface said no."""


class PracticeStripe:
    """The control surface of a running practice Stripe."""

    def __init__(self, url: str) -> None:
        self.url = url
        address = urlsplit(url)
        self._host, self._port = address.hostname or "127.0.0.1", address.port

    def buy(self, amount: int, **terms: Any) -> Found:
        """Let someone buy; answers session, customer, payment_intent, charge, invoice, … , events.

        Terms: currency, mode (payment, subscription), interval, customer, email, name, is_guest,
        tax, coupon, promotion_code, client_reference_id, metadata, inner_metadata, invoice,
        is_delayed, description. Like every act it also takes `at` (Unix seconds), `deliver`
        (False withholds the webhooks until `release` or `deliver`) and `key`: acts happen in
        that key's account, else where the object is, else in the main account.
        """
        return self._post("buy", {"amount": amount, **terms})

    def pay(self, session: str, **terms: Any) -> Found:
        """Pay an open checkout session: email, name, tax, promotion_code, is_delayed."""
        return self._post(f"sessions/{session}/pay", terms)

    def settle(self, session: str, *, outcome: str = "succeeded", **when: Any) -> Found:
        """End the wait of a delayed payment: succeeded or failed."""
        return self._post(f"sessions/{session}/settle", {"outcome": outcome, **when})

    def renew(self, subscription: str, **terms: Any) -> Found:
        """Bill a subscription's next period: tax."""
        return self._post("renew", {"subscription": subscription, **terms})

    def cancel(self, subscription: str, **when: Any) -> Found:
        """End a subscription."""
        return self._post(f"subscriptions/{subscription}/cancel", when)

    def refund(self, charge: str, amount: int | None = None, **when: Any) -> Found:
        """Refund a charge; without an amount, what is left of it."""
        return self._post("refund", {"charge": charge, "amount": amount, **when})

    def fail_refund(self, refund: str, **when: Any) -> Found:
        """Let a refund fail after all."""
        return self._post(f"refunds/{refund}/fail", when)

    def dispute(self, charge: str, **terms: Any) -> Found:
        """Dispute a charge: amount, reason."""
        return self._post("dispute", {"charge": charge, **terms})

    def close_dispute(self, dispute: str, status: str, **when: Any) -> Found:
        """Decide a dispute: won or lost."""
        return self._post(f"disputes/{dispute}/close", {"status": status, **when})

    def finish_onboarding(self, payee: str, **when: Any) -> Found:
        """Let the owner of a connected account give everything: they can be paid."""
        return self._post("finish_onboarding", {"payee": payee, **when})

    def leave_onboarding(self, payee: str, **when: Any) -> Found:
        """Let the owner give a part and go away."""
        return self._post("leave_onboarding", {"payee": payee, **when})

    def require_more(self, payee: str, **terms: Any) -> Found:
        """Ask the owner for more: names, deadline (without one they cannot be paid)."""
        return self._post("require_more", {"payee": payee, **terms})

    def reject_payee(self, payee: str, reason: str = "other", **when: Any) -> Found:
        """Turn the owner away for good: fraud, listed, other or terms_of_service."""
        return self._post("reject_payee", {"payee": payee, "reason": reason, **when})

    def deauthorise(self, payee: str, **when: Any) -> Found:
        """Disconnect a connected account."""
        return self._post("deauthorise", {"payee": payee, **when})

    def pay_out(self, payee: str, currency: str = "usd", **when: Any) -> Found:
        """Send what a connected account holds to its bank, so that no reversal finds it."""
        return self._post("pay_out", {"payee": payee, "currency": currency, **when})

    def set_balance(self, currency: str, amount: int, **where: Any) -> Found:
        """Say what the platform (of `key`) has available in a currency."""
        return self._post("set_balance", {"currency": currency, "amount": amount, **where})

    def fault(self, kind: str, method: str | None = None, path: str = "/v1/", **terms: Any) -> None:
        """Queue a fault: times, skip, seconds, code, change; see faults.KINDS."""
        match = {"path": path} | ({"method": method} if method else {})
        self._post("faults", {"kind": kind, "match": match, **terms})

    def clear_faults(self) -> None:
        """Forget the waiting faults."""
        self._call("DELETE", "faults", {})

    def calls(self, method: str | None = None, path: str = "/v1/") -> list[dict[str, Any]]:
        """The API calls so far, oldest first: method, path, key, params, status, replayed, …"""
        return [
            one
            for one in self._call("GET", "calls", {})
            if one["path"].startswith(path) and method in (None, one["method"])
        ]

    def clear_calls(self) -> None:
        """Forget the calls so far."""
        self._call("DELETE", "calls", {})

    def limit(self, per_second: float | None) -> None:
        """Answer 429 above this many calls a second; None lifts the limit."""
        self._post("limit", {"per_second": per_second})

    def refuse_rights(self, *rights: str) -> None:
        """Take rights such as `customers:write` from every key; none gives all back."""
        self._post("permissions", {"refused": list(rights)})

    def set_clock(self, offset_s: int) -> None:
        """Shift its clock, and with it the age of idempotency keys."""
        self._post("clock", {"offset_s": offset_s})

    def forget_keys(self) -> None:
        """Expire every idempotency key."""
        self._post("forget_keys", {})

    def reset(self) -> None:
        """Forget everything except the accounts and their webhook receivers."""
        self._post("reset", {})

    def register_webhook(
        self, url: str, secret: str, *, events: list[str] | None = None, key: str | None = None
    ) -> None:
        """Send an account's events (all, or these types) to a receiver on this machine."""
        self._post("webhooks", {"url": url, "secret": secret, "events": events, "key": key})

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The events so far, oldest first."""
        return [one for one in self._call("GET", "events", {}) if kind in (None, one["type"])]

    def deliver(self, event: str, *, times: int = 1, parallel: bool = False) -> list[int]:
        """Post an event to its receivers now; answers their statuses (0: no answer)."""
        terms = {"times": times, "parallel": parallel}
        statuses: list[int] = self._post(f"events/{event}/deliver", terms)["statuses"]
        return statuses

    def release(self) -> None:
        """Send the webhooks that were withheld."""
        self._post("release", {})

    def deliveries(self) -> list[dict[str, Any]]:
        """How far each delivery came: event, url, state, attempts."""
        found: list[dict[str, Any]] = self._call("GET", "deliveries", {})
        return found

    def wait_delivered(self, timeout_s: float = 10.0) -> None:
        """Wait until nothing waits for delivery; raises TimeoutError."""
        end = time.monotonic() + timeout_s
        while any(one["state"] == "waiting" for one in self.deliveries()):
            if time.monotonic() > end:
                raise TimeoutError("webhooks are still waiting")
            time.sleep(0.02)

    def _post(self, path: str, terms: dict[str, Any]) -> Any:
        return self._call("POST", path, terms)

    def _call(self, method: str, path: str, terms: dict[str, Any]) -> Any:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_PATIENCE_S)
        try:
            connection.request(method, f"/_practice/{path}", json.dumps(terms))
            answer = connection.getresponse()
            body = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise Refused(body["error"]["message"])
        return body


class Running:
    """A practice Stripe in this process. Leaving the `with` block stops it."""

    def __init__(
        self, port: int = 0, *, state: str | None = None, only_key: str | None = None
    ) -> None:
        self._server = Server(port, state=state, only_key=only_key)
        self._server.start()
        self.url = self._server.url
        self.practice = PracticeStripe(self.url)

    def stop(self) -> None:
        """Stop serving; a state file keeps everything."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.stop()


class Launched:
    """A practice Stripe in a process of its own. Leaving the `with` block ends it."""

    def __init__(self, port: int = 0, *, state: str | None = None) -> None:
        command = [sys.executable, "-m", "tools.practice_stripe", "--port", str(port)]
        self.process = subprocess.Popen(
            command + (["--state", state] if state else []),
            cwd=_ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self._first_line().rpartition(" ")[2].strip()
        self.practice = PracticeStripe(self.url)

    def stop(self) -> int:
        """End it politely; answers the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it with kill -9."""
        self._end(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        if self.process.poll() is None:
            self.stop()

    def _first_line(self) -> str:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise RuntimeError("practice Stripe did not start")
        return line

    def _end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        code = self.process.wait(_PATIENCE_S)
        if self.process.stdout:
            self.process.stdout.close()
        return code


def start(port: int = 0, *, state: str | None = None, only_key: str | None = None) -> Running:
    """Start practice Stripe in threads of this process."""
    return Running(port, state=state, only_key=only_key)


def launch(port: int = 0, *, state: str | None = None) -> Launched:
    """Start practice Stripe as a process of its own, which can be killed."""
    return Launched(port, state=state)
