"""The thin layer between a route and its function: read strictly, work once, answer in JSON.

A resource lists its routes; each says what it takes, gives and refuses, and the OpenAPI document
is written from the same lines. Knows no noun of the product.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from flask import Response, g, request
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from referral.domain.businesses import Actor, Business
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import Conflict, Invalid, Refusal
from referral.surfaces.api.contract import EXPLAINED, Asked, In, Out
from referral.surfaces.api.idempotency import Answered, Keyed, answer_once
from referral.surfaces.web.limits import business_key, limit, limiter

RATE = "600 per minute"
KEY_HEADER = "Idempotency-Key"
KEY_PATTERN = r"^[!-~]{1,255}$"
View = TypeVar("View", bound=Callable[..., Any])
Read = TypeVar("Read", In, Asked)


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
        asked = _read_query(route.asks)
        if route.takes is None:
            told = (asked,) if route.is_list else ()
            return _written(_answered(route.view(call, *told, **path)))
        return _changed(route, call, _read_body(route.takes), path)

    counted = limiter.shared_limit(lambda: limit(RATE), scope="api", key_func=business_key)
    limited: Callable[..., Response] = counted(respond)
    return limited


def _changed(route: Route, call: Call, sent: In, path: dict[str, str]) -> Response:
    """Work in one transaction, and only once where the caller gave a key."""

    def work() -> Answered:
        return _answered(route.view(call, sent, **path))

    key = _idempotency_key()
    try:
        with transaction():
            if key is None:
                return _written(work())
            said = f"{request.path}\n{sent.model_dump_json(exclude_unset=True)}"
            keyed = Keyed(route.name, key, said)
            answered, was_before = answer_once(call.business, keyed, work, at=call.at)
    except IntegrityError as error:
        raise Overtaken from error
    return _written(answered, was_before=was_before)


def _answered(result: Out | Kept) -> Answered:
    if isinstance(result, Kept):
        return Answered(201 if result.is_new else 200, result.body.model_dump_json())
    return Answered(200, result.model_dump_json())


def _written(answered: Answered, *, was_before: bool = False) -> Response:
    answer = Response(answered.body, answered.status, content_type="application/json")
    if was_before:
        answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _read_query(asks: type[Read]) -> Read:
    twice = [name for name in request.args if len(request.args.getlist(name)) > 1]
    if twice:
        raise Invalid(fields={name: "Give it once." for name in twice})
    try:
        return asks.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise _refused(error) from None


def _read_body(takes: type[Read]) -> Read:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send JSON, with the header Content-Type: application/json.")
    raw = request.get_data(cache=False)
    try:
        json.loads(raw.decode(), object_pairs_hook=_each_once, parse_constant=_no_number)
        return takes.model_validate_json(raw, strict=True)
    except ValidationError as error:
        if any(one["type"] == "json_invalid" for one in error.errors()):
            raise BadRequest("This is not readable as JSON.") from None
        raise _refused(error) from None
    except (ValueError, RecursionError):
        raise BadRequest(
            "This is not readable as JSON, in UTF-8 and with each name once."
        ) from None


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a name given twice: two readers could each take another one (S-150)."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name is given twice")
    return dict(pairs)


def _no_number(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _idempotency_key() -> str | None:
    key = request.headers.get(KEY_HEADER)
    if key is not None and not re.fullmatch(KEY_PATTERN, key):
        raise Invalid(fields={KEY_HEADER: "Use 1 to 255 letters, digits and signs, no spaces."})
    return key


def _refused(error: ValidationError) -> Invalid:
    """Say what is wrong with each field, never what was sent."""
    return Invalid(fields=dict(_each_field(error)))


def _each_field(error: ValidationError) -> Iterator[tuple[str, str]]:
    for one in error.errors(include_input=False, include_url=False):
        yield ".".join(map(str, one["loc"])) or "body", _said(one["type"], one)


def _said(kind: str, one: Any) -> str:
    if kind == "extra_forbidden":
        return "There is no such field."
    if kind == "missing":
        return "This is required."
    if kind == "string_pattern_mismatch":
        return EXPLAINED[one["ctx"]["pattern"]]
    if kind == "value_error":
        return str(one["ctx"]["error"])
    return f"{one['msg']}."
