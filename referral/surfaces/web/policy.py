"""Who may open which route: one table, enforced before every view; an undeclared one is refused.

Each surface declares its endpoints beside its routes. A test holds the table against the URL map.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask import Flask, g, request

from referral.domain.businesses import Role
from referral.domain.businesses.ownership import enter


class Door(StrEnum):
    """How somebody proves who they are."""

    PUBLIC = "public"
    SECRET_KEY = "secret key"
    PUBLISHABLE_KEY = "publishable key"
    SIGNATURE = "signature"
    PERSON = "person"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Need:
    """What a route demands; `roles` only for operators."""

    door: Door
    roles: frozenset[Role] = frozenset()

    @classmethod
    def public(cls) -> Need:
        """Let anybody in."""
        return cls(Door.PUBLIC)

    @classmethod
    def door_of(cls, door: Door) -> Need:
        """Demand the proof of one door."""
        return cls(door)

    @classmethod
    def operator(cls, *roles: Role) -> Need:
        """Demand an operator with one of these roles; without any named, every role will do."""
        return cls(Door.OPERATOR, frozenset(roles or Role))


class Undeclared(Exception):
    """A route has no line in the policy table."""


_policy: dict[str, Need] = {"static": Need.public()}
_guards: dict[Door, Callable[[Need], object]] = {}


def declare(endpoint: str, need: Need) -> None:
    """Write one endpoint's line into the table."""
    _policy[endpoint] = need


def declared() -> dict[str, Need]:
    """Return the whole table."""
    return dict(_policy)


def guard(door: Door, check: Callable[[Need], object]) -> None:
    """Say how a door checks its visitors; it may answer instead of the view, or raise."""
    _guards[door] = check


def add_policy(app: Flask) -> None:
    """Check every request against the table before its view."""
    app.before_request(enforce)
    app.teardown_request(lambda error: enter(None))


def enforce() -> Any:
    """Hold this request against the table; an answer or a refusal means it may not go on."""
    enter(None)
    if request.endpoint is None:
        return None
    need = _policy.get(request.endpoint)
    if need is None:
        raise Undeclared(request.endpoint)
    g.need = need
    check = _guards.get(need.door)
    if check is None:
        if need.door in (Door.PUBLIC, Door.SIGNATURE):
            return None
        raise Undeclared(f"no guard for {need.door}")
    return check(need)
