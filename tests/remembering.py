"""What is the same for all applications a process of tests makes, worked out once and not for each.

An application of its own for each test keeps tests apart; without this, most of their time went to
compiling the same templates and the same SQL.
"""

from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, event

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

    SQLAlchemy knows a compiled statement by the engine's dialect; the first engine that connected
    lends the later ones its own.
    """
    make = SQLAlchemy._make_engine
    lenders: dict[str, Engine] = {}

    def make_engine(
        self: SQLAlchemy, bind_key: str | None, options: dict[str, Any], app: Flask
    ) -> Engine:
        engine = make(self, bind_key, {"query_cache_size": STATEMENTS, **options}, app)
        lender = lenders.get(engine.name)
        if lender is None:
            event.listen(
                engine, "engine_connect", lambda _: lenders.setdefault(engine.name, engine)
            )
        else:
            engine.dialect = lender.dialect
            engine._compiled_cache = lender._compiled_cache
        return engine

    SQLAlchemy._make_engine = make_engine  # type: ignore[method-assign]
