"""The thin layer between a route and its function: read strictly, work once, answer in JSON.

A resource lists its routes; each says what it takes, gives and refuses, and the OpenAPI document
is written from the same lines. Knows no noun of the product.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from flask import Response, g, request
from sqlalchemy.exc import IntegrityError

from referral.domain.businesses import Actor, Business
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import Conflict, Refusal
from referral.surfaces.api.contract import Asked, In, Out
from referral.surfaces.api.idempotency import Answered, Keyed, answer_once
from referral.surfaces.api.reading import read_body, read_idempotency_key, read_query
from referral.surfaces.web.limits import business_key, limit, limiter

RATE = "600 per minute"
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, on behalf of which business, and when."""

    business: Business
    actor: Actor
    at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that says whether it made something (201) or found it made already (200)."""

    body: Out
    is_new: bool


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the contract: the address, the function, what it takes, gives and refuses."""

    method: str
    path: str
    view: Callable[..., Out | Kept]
    gives: type[Out]
    takes: type[In] | None = None
    asks: type[Asked] = Asked
    creates: bool = False
    refuses: tuple[type[Refusal], ...] = ()

    @property
    def name(self) -> str:
        return self.view.__name__

    @property
    def is_list(self) -> bool:
        return bool(self.asks.model_fields)


@dataclass(slots=True)
class Resource:
    """A noun of the API with its routes, in the order a reader wants them."""

    name: str
    about: str
    routes: list[Route] = field(default_factory=list)

    def get(
        self,
        path: str,
        *,
        gives: type[Out],
        asks: type[Asked] = Asked,
        refuses: tuple[type[Refusal], ...] = (),
    ) -> Callable[[View], View]:
        """List or show something; the function gets the call, what is asked, and the path's ids."""

        def keep(view: View) -> View:
            self.routes.append(Route("GET", path, view, gives, asks=asks, refuses=refuses))
            return view

        return keep

    def post(
        self,
        path: str,
        *,
        takes: type[In],
        gives: type[Out],
        creates: bool = False,
        refuses: tuple[type[Refusal], ...] = (),
    ) -> Callable[[View], View]:
        """Change something, in one transaction; the function gets the call and what was sent."""

        def keep(view: View) -> View:
            self.routes.append(
                Route("POST", path, view, gives, takes=takes, creates=creates, refuses=refuses)
            )
            return view

        return keep


class Overtaken(Conflict):
    """Another call wrote the same thing in the same moment."""

    code = "overtaken"
    message = "Another call changed the same thing in the same moment. Please send it again."


def view_of(route: Route) -> Callable[..., Response]:
    """Return the function Flask calls for a route; calls are counted per business."""

    @wraps(route.view)
    def respond(**path: str) -> Response:
        call = Call(g.business, g.actor, clock.now())
        asked = read_query(route.asks)
        if route.takes is None:
            told = (asked,) if route.is_list else ()
            return _written(_answered(route.view(call, *told, **path)))
        return _changed(route, call, read_body(route.takes), path)

    counted = limiter.shared_limit(lambda: limit(RATE), scope="api", key_func=business_key)
    limited: Callable[..., Response] = counted(respond)
    return limited


def _changed(route: Route, call: Call, sent: In, path: dict[str, str]) -> Response:
    """Work in one transaction, and only once where the caller gave a key."""

    def work() -> Answered:
        return _answered(route.view(call, sent, **path))

    key = read_idempotency_key()
    try:
        with transaction():
            if key is None:
                return _written(work())
            said = f"{request.path}\n{sent.model_dump_json(exclude_unset=True)}"
            keyed = Keyed(route.name, key, said)
            answered, was_before = answer_once(call.business, keyed, work, at=call.at)
    except IntegrityError as error:
        if _is_taken(error):
            raise Overtaken from error
        raise
    return _written(answered, was_before=was_before)


def _is_taken(error: IntegrityError) -> bool:
    """Tell whether a unique key was taken; any other broken constraint is a fault of ours."""
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
    return state in ("23505", "SQLITE_CONSTRAINT_UNIQUE")


def _answered(result: Out | Kept) -> Answered:
    if isinstance(result, Kept):
        return Answered(201 if result.is_new else 200, result.body.model_dump_json())
    return Answered(200, result.model_dump_json())


def _written(answered: Answered, *, was_before: bool = False) -> Response:
    answer = Response(answered.body, answered.status, content_type="application/json")
    if was_before:
        answer.headers["Idempotent-Replayed"] = "true"
    return answer
