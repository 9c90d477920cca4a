"""Signs events and posts them to their receivers, with a few retries, in the background."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
from concurrent.futures import Future
from urllib.parse import urlsplit

from .books import Books, Thing, visible
from .post import Delivery, Receiver

RETRY_AFTER_S = (0.2, 1.0, 3.0, 10.0, 30.0)
_PATIENCE_S = 10.0
_MOST_AT_ONCE = 4


def sign(body: bytes, secret: str, *, at: int) -> str:
    """Make the `Stripe-Signature` header of a body."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Courier:
    """Delivers what waits in the books' post until stopped."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._news = threading.Condition()
        self._due: dict[tuple[str, str], float] = {}
        self._on_the_way: set[tuple[str, str]] = set()
        self._has_news = True
        self._is_stopping = False
        self._threads = [
            threading.Thread(target=self._run, name=f"courier-{n}", daemon=True)
            for n in range(_MOST_AT_ONCE)
        ]

    def start(self) -> None:
        """Begin delivering, first what an earlier run left behind."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop delivering; what waits stays in the books."""
        with self._news:
            self._is_stopping = True
            self._news.notify_all()
        for thread in self._threads:
            thread.join(_PATIENCE_S)

    def wake(self) -> None:
        """Say that there may be something new to deliver."""
        with self._news:
            self._has_news = True
            self._news.notify()

    def deliver_now(self, event_id: str, *, times: int, is_parallel: bool) -> list[int]:
        """Post an event to every receiver `times` over; answers the statuses (0: no answer)."""
        with self._books.acting(account=None):
            event = self._books.find("event", event_id)
            owner = self._books.account_with("event", event_id)
            receivers = self._books.post.receivers()
        targets = [one for one in receivers if one.wants(event["type"], of=owner)] * times
        if is_parallel:
            statuses = _all_at_once(targets, event)
        else:
            statuses = [post(one, event) for one in targets]
        with self._books.acting():
            for one, status in zip(targets, statuses, strict=True):
                if 200 <= status < 300:
                    self._books.post.settle(event_id, one.url, state="done", attempts=times)
        return statuses

    def _run(self) -> None:
        while True:
            delivery = self._next()
            if delivery is None:
                return
            self._deliver(delivery)

    def _next(self) -> Delivery | None:
        """Wait for the next due delivery and take it; None when stopping."""
        with self._news:
            while not self._is_stopping:
                self._has_news = False
                with self._books.acting():
                    waiting = self._books.post.deliveries("waiting")
                free = [one for one in waiting if one.address not in self._on_the_way]
                now = time.monotonic()
                for one in free:
                    if self._due.get(one.address, now) <= now:
                        self._on_the_way.add(one.address)
                        self._news.notify()
                        return one
                soonest = min((self._due[one.address] for one in free), default=None)
                if not self._has_news:
                    self._news.wait(None if soonest is None else soonest - now)
            return None

    def _deliver(self, delivery: Delivery) -> None:
        with self._books.acting(account=None):
            event = self._books.get("event", delivery.event)
            receivers = {one.url: one for one in self._books.post.receivers()}
        status = 0
        if event is not None and delivery.url in receivers:
            status = post(receivers[delivery.url], event)
        attempts = delivery.attempts + 1
        state = "done" if 200 <= status < 300 else "waiting"
        if state == "waiting" and attempts > len(RETRY_AFTER_S):
            state = "gave_up"
        with self._news:
            if not self._is_stopping:
                with self._books.acting():
                    self._books.post.settle(
                        delivery.event, delivery.url, state=state, attempts=attempts
                    )
            self._on_the_way.discard(delivery.address)
            self._due.pop(delivery.address, None)
            if state == "waiting":
                self._due[delivery.address] = time.monotonic() + RETRY_AFTER_S[attempts - 1]
            self._news.notify()


def post(receiver: Receiver, event: Thing) -> int:
    """Post one signed event; answers the status, 0 when no answer came."""
    address = urlsplit(receiver.url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    body = json.dumps(visible(event), indent=2).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": sign(body, receiver.secret, at=int(time.time())),
        "User-Agent": "Practice-Stripe/1.0 (no real money)",
    }
    path = address.path or "/"
    connection = kind(address.hostname or "", address.port, timeout=_PATIENCE_S)
    try:
        connection.request(
            "POST", f"{path}?{address.query}" if address.query else path, body, headers
        )
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _all_at_once(targets: list[Receiver], event: Thing) -> list[int]:
    futures: list[Future[int]] = [Future() for _ in targets]
    barrier = threading.Barrier(len(targets) or 1)

    def run(receiver: Receiver, future: Future[int]) -> None:
        barrier.wait()
        future.set_result(post(receiver, event))

    for receiver, future in zip(targets, futures, strict=True):
        threading.Thread(target=run, args=(receiver, future), daemon=True).start()
    return [future.result() for future in futures]
