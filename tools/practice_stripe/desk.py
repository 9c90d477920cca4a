"""Answers API calls: who asks, how often, under which key, and which fault strikes."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from . import errors, payees
from .answers import Answer
from .api import Route, find_route, perform
from .books import API_VERSION, Books, Thing, new_id
from .errors import Refusal
from .faults import BEFORE, Fault, Faults
from .forms import decode
from .replies import Call, Reply, break_after, break_before, from_answer, from_refusal

_MOST_CALLS_KEPT = 20_000
_LONGEST_KEY = 255


@dataclass(frozen=True)
class Job:
    """A call that was understood: what to do, with what, under which key."""

    account: int
    payee: str | None
    route: Route
    ids: tuple[str, ...]
    params: Thing
    path: str
    key: str | None
    request_id: str
    fault: Fault | None

    @property
    def fingerprint(self) -> str:
        """What must be the same again for a key to be used again."""
        return f"{self.path} {json.dumps(self.params, sort_keys=True)}"

    def is_struck(self, kind: str) -> bool:
        """Whether this fault strikes it."""
        return self.fault is not None and self.fault.kind == kind


class Desk:
    """Everything between a call and the books."""

    def __init__(
        self,
        books: Books,
        *,
        only_key: str | None,
        pause: Callable[[float], object],
        after_commit: Callable[[], None],
    ) -> None:
        self.faults = Faults()
        self.calls: deque[Thing] = deque(maxlen=_MOST_CALLS_KEPT)
        self.per_second: float | None = None
        self.refused_rights: set[str] = set()
        self._books = books
        self._only_key = only_key
        self._pause = pause
        self._after_commit = after_commit
        self._lock = threading.Lock()
        self._running: set[tuple[int, str]] = set()
        self._recent: deque[float] = deque()

    def answer(self, call: Call) -> Reply:
        """Answer a call, and log it."""
        entry: Thing = {
            "request_id": new_id("req_", 14),
            "at": time.time(),
            "method": call.method,
            "path": call.path,
            "key": call.key,
            "params": None,
            "fault": None,
            "replayed": False,
            "status": None,
            "answered": False,
        }
        self.calls.append(entry)
        try:
            reply = self._answer(call, entry)
        except Refusal as refusal:
            reply = from_refusal(refusal)
        entry["status"] = reply.status
        entry["answered"] = reply.ending in ("send", "drip")
        reply.headers |= {"Request-Id": entry["request_id"], "Stripe-Version": API_VERSION}
        if call.key:
            reply.headers["Idempotency-Key"] = call.key
        return reply

    def _answer(self, call: Call, entry: Thing) -> Reply:
        account = self._recognise(call.api_key)
        self._pace()
        fault = self.faults.take(call.method, call.path)
        if fault is not None:
            entry["fault"] = fault.kind
            if fault.kind in BEFORE:
                return break_before(fault, call)
        job = self._understand(call, entry["request_id"], account=account, fault=fault)
        entry["params"] = job.params
        with self._holding(account, job.key):
            reply = self._replay(job)
            entry["replayed"] = reply is not None
            if reply is None:
                if fault is not None and fault.kind == "slow":
                    self._pause(fault.seconds)
                reply = from_answer(_execute(self._books, job))
                self._after_commit()
        return break_after(fault, reply) if fault is not None else reply

    def _recognise(self, api_key: str | None) -> int:
        if not api_key:
            raise errors.unauthorized("You did not provide an API key.")
        is_test_key = api_key.startswith(("sk_test_", "rk_test_")) and "bad" not in api_key
        is_known = api_key == self._only_key if self._only_key else is_test_key
        if not is_known:
            raise errors.unauthorized(f"Invalid API Key provided: {api_key[:8]}***{api_key[-4:]}")
        with self._books.acting():
            return self._books.accounts.number_of(api_key)

    def _pace(self) -> None:
        with self._lock:
            if self.per_second is None:
                return
            now = time.monotonic()
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if len(self._recent) >= self.per_second:
                raise errors.too_many()
            self._recent.append(now)

    def _understand(self, call: Call, request_id: str, *, account: int, fault: Fault | None) -> Job:
        route, ids = find_route(call.method, call.path)
        if route.right in self.refused_rights:
            raise errors.forbidden(route.right)
        if call.payee is not None:
            self._refuse_payee(call.payee, route, account=account)
        is_form = call.method == "POST"
        return Job(
            account=account,
            payee=call.payee,
            route=route,
            ids=ids,
            params=route.takes(decode(_text(call.body) if is_form else call.query), ""),
            path=call.path,
            key=call.key if is_form else None,
            request_id=request_id,
            fault=fault,
        )

    def _refuse_payee(self, payee: str, route: Route, *, account: int) -> None:
        with self._books.acting(account=account):
            payees.connected(self._books, payee)
        if not route.is_for_payees:
            raise errors.malformed("Practice Stripe does not do this for a connected account.")

    @contextmanager
    def _holding(self, account: int, key: str | None) -> Iterator[None]:
        if key is None:
            yield
            return
        if len(key) > _LONGEST_KEY:
            raise errors.malformed(f"An idempotency key has at most {_LONGEST_KEY} characters.")
        with self._lock:
            if (account, key) in self._running:
                raise errors.key_in_use(key)
            self._running.add((account, key))
        try:
            yield
        finally:
            with self._lock:
                self._running.remove((account, key))

    def _replay(self, job: Job) -> Reply | None:
        if job.key is None:
            return None
        with self._books.acting():
            kept = self._books.answers.find(job.account, job.key)
        if kept is None:
            return None
        if kept.call != job.fingerprint:
            raise errors.key_reused(job.key)
        reply = from_answer(kept)
        reply.headers["Idempotent-Replayed"] = "true"
        return reply


def _execute(books: Books, job: Job) -> Answer:
    """Run a job; its effect and its kept answer are one commit."""
    request = {"id": job.request_id, "idempotency_key": job.key}
    try:
        with books.acting(account=job.account, payee=job.payee, request=request):
            return _keep(books, job, *_perform(books, job))
    except Refusal as refusal:
        if not refusal.is_kept:
            raise
        with books.acting():
            return _keep(books, job, refusal.status, refusal.body)


def _perform(books: Books, job: Job) -> tuple[int, Thing]:
    broken = errors.broken(is_kept=True)
    if job.is_struck("500_stored"):
        raise broken
    try:
        thing = perform(books, job.route, job.params, ids=job.ids)
    except Refusal as refusal:
        if not refusal.has_effect:
            raise
        return refusal.status, refusal.body
    return (500, broken.body) if job.is_struck("500_stored_after_effect") else (200, thing)


def _keep(books: Books, job: Job, status: int, body: Thing) -> Answer:
    answer = Answer(job.fingerprint, job.request_id, status, json.dumps(body))
    if job.key is not None:
        books.answers.keep(job.account, job.key, answer=answer)
    return answer


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise errors.malformed("The body is not UTF-8.") from None
