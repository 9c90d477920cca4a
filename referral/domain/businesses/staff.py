"""Operators, their role in a business, and their second factor; knows no session."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.domain.businesses.businesses import Business
from referral.domain.businesses.ownership import Owned
from referral.foundation.db import Key, Model, Moment, Name, UTCDateTime, one_of, session
from referral.foundation.errors import Invalid
from referral.foundation.ids import public_id
from referral.foundation.text import plain


class Role(StrEnum):
    """What an operator may do in a business; each row of the policy table names the least one."""

    OWNER = "owner"
    MANAGER = "manager"
    FINANCE = "finance"
    SUPPORT = "support"
    VIEWER = "viewer"


class Operator(Model):
    """A member of staff, who may work for several businesses."""

    prefix: ClassVar[str] = "opr"

    id: Mapped[Key]
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[Name]
    password_digest: Mapped[str | None] = mapped_column(String(400), default=None)
    sealed_totp: Mapped[str | None] = mapped_column(String(400), default=None)
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    totp_last_step: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Moment]

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)

    @property
    def is_set_up(self) -> bool:
        return self.password_digest is not None and self.totp_confirmed_at is not None


class RecoveryCode(Model):
    """A single-use way in when the authenticator is lost; only a hash is stored."""

    id: Mapped[Key]
    operator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("operator.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)


class Membership(Owned, Model):
    """The role of an operator in a business."""

    __table_args__ = (UniqueConstraint("operator_id", "business_id"), one_of("role", Role))

    id: Mapped[Key]
    operator_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("operator.id"))
    role: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[Moment]

    operator: Mapped[Operator] = relationship()
    business: Mapped[Business] = relationship()


def invite(business_id: uuid.UUID, email: str, *, role: Role, name: str, at: datetime) -> Operator:
    """Make somebody staff of the business; an operator known already gains or changes a role."""
    from email_validator import EmailNotValidError, validate_email

    try:
        address = validate_email(email, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise Invalid(
            fields={"email": "Give an email address such as olive@shop.example."}
        ) from None
    operator = session.scalar(select(Operator).where(Operator.email == address))
    if operator is None:
        operator = Operator(email=address, name=plain(name)[:200] or address, created_at=at)
        session.add(operator)
        session.flush()
    membership = session.scalar(
        select(Membership).where(
            Membership.operator_id == operator.id, Membership.business_id == business_id
        )
    )
    if membership is None:
        session.add(
            Membership(operator_id=operator.id, business_id=business_id, role=role, created_at=at)
        )
    else:
        membership.role = role
    return operator


def rename(operator: Operator, name: str) -> None:
    """Call an operator by another name from now on; what they did before keeps the one of then.

    Raises Invalid unless it has 1 to 200 characters.
    """
    called = plain(name)
    if not 1 <= len(called) <= 200:
        raise Invalid(fields={"name": "Write a name of at most 200 characters."})
    operator.name = called
    session.flush()
