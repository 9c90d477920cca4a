"""What is the same for all applications a process of tests makes, worked out once and not for each.

An application of its own for each test keeps tests apart; without this, most of their time went to
compiling the same templates and the same SQL.
"""

from functools import cache
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Dialect, Engine

STATEMENTS = 3000


class Remembered(BytecodeCache):
    """Compiled templates in memory, by where they are and what stands in them."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket with what is known, if it is of the same text."""
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Remember what was compiled."""
        self._known[bucket.key] = bucket.bytecode_to_string()


def remember_templates() -> None:
    """Have every application made from now on share its compiled templates."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Remembered()}


def remember_statements() -> None:
    """Have every engine of an application share its compiled SQL with others of its kind.

    SQLAlchemy finds a compiled statement by the engine's dialect, so those of one kind are equal.
    """
    make = SQLAlchemy._make_engine
    compiled: dict[str, Any] = {}

    def make_engine(self: SQLAlchemy, *asked: Any) -> Engine:
        engine = make(self, *asked)
        engine.dialect.__class__ = _equals(type(engine.dialect))
        engine._compiled_cache.capacity = STATEMENTS
        engine._compiled_cache = compiled.setdefault(engine.name, engine._compiled_cache)
        return engine

    SQLAlchemy._make_engine = make_engine  # type: ignore[method-assign]


@cache
def _equals(kind: type[Dialect]) -> type[Dialect]:
    """Return a dialect like that whose instances are one and the same to whoever compares them."""

    class Alike(kind):  # type: ignore[misc, valid-type]
        supports_statement_cache = True

        def __eq__(self, other: object) -> bool:
            return type(self) is type(other)

        def __hash__(self) -> int:
            return hash(type(self))

    return Alike
