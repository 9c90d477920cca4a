"""Nothing crosses from one business to another: every query is held to the business at work.

A surface or the worker names the business with `within(...)`; from then on each select, update
and delete of owned rows carries it. Without a business, such a query is refused unless it says
`across_businesses`, which the worker's claims and the commands do.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Executable, ForeignKey, Select, Uuid, event
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    Session,
    declared_attr,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.orm.unitofwork import UOWTransaction

_at_work: ContextVar[uuid.UUID | None] = ContextVar("business_at_work", default=None)
_ACROSS = "across_businesses"


class OutsideBusiness(Exception):
    """Owned rows were asked for or written without, or beyond, the business at work."""


class Owned:
    """A row that belongs to one business."""

    @declared_attr
    @classmethod
    def business_id(cls) -> Mapped[uuid.UUID]:
        return mapped_column(Uuid, ForeignKey("business.id"))


@contextmanager
def within(business_id: uuid.UUID) -> Iterator[None]:
    """Hold every query inside to one business."""
    before = _at_work.set(business_id)
    try:
        yield
    finally:
        _at_work.reset(before)


def enter(business_id: uuid.UUID | None) -> None:
    """Name the business for the rest of this request; None leaves it."""
    _at_work.set(business_id)


def across_businesses() -> dict[str, Any]:
    """Return the execution options of a query that may see every business."""
    return {_ACROSS: True}


@event.listens_for(Session, "do_orm_execute")
def _hold_to_business(state: ORMExecuteState) -> None:
    if state.is_column_load or state.execution_options.get(_ACROSS):
        return
    if not (state.is_select or state.is_update or state.is_delete):
        return
    if not state.is_orm_statement:
        _refuse_unheld(state.statement)
        return
    business_id = _at_work.get()
    if business_id is not None:
        state.statement = state.statement.options(
            with_loader_criteria(
                Owned, lambda owned: owned.business_id == business_id, include_aliases=True
            )
        )
    elif not state.is_relationship_load and any(
        issubclass(mapper.class_, Owned) for mapper in state.all_mappers
    ):
        raise OutsideBusiness("name the business with `within`, or say `across_businesses`")


def _refuse_unheld(statement: Executable) -> None:
    """Refuse what nothing holds to a business, as SQLAlchemy does not see a model in it.

    Such is a select of nothing but `func.count(Model.id).filter(...)`.
    """
    tables = statement.get_final_froms() if isinstance(statement, Select) else ()
    if any("business_id" in getattr(table, "c", ()) for table in tables):
        raise OutsideBusiness("select from the model: `select(...).select_from(Model)`")


@event.listens_for(Session, "before_flush")
def _refuse_foreign_rows(current: Session, context: UOWTransaction, instances: Any) -> None:
    business_id = _at_work.get()
    for row in current.new:
        if isinstance(row, Owned) and business_id not in (None, row.business_id):
            raise OutsideBusiness("a row of another business")
