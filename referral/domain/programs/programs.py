"""A referral program of a business: where friends land, its windows and rules, its state."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from referral.domain.businesses import Business, Owned, add_site
from referral.domain.businesses.businesses import address_of, origin_of
from referral.foundation.db import (
    Currency,
    Key,
    Long,
    Minor,
    MinorSum,
    Model,
    Moment,
    Name,
    Short,
    one_of,
    session,
    whole_minor,
    whole_sum,
)
from referral.foundation.errors import Conflict, Invalid, NotFound
from referral.foundation.ids import new_key, parse_public_id, public_id
from referral.foundation.money import LIMIT_MINOR, SUM_LIMIT_MINOR, is_currency
from referral.foundation.text import plain


class ProgramState(StrEnum):
    """Active ones take part; paused ones may resume; closed ones have ended for good."""

    ACTIVE = "active"
    PAUSED = "paused"
    CLOSED = "closed"


class Approval(StrEnum):
    """Who approves a reward when its hold has passed."""

    AUTOMATIC = "automatic"
    STAFF = "staff"


class TouchRule(StrEnum):
    """Which of several equal touches wins: the first to vouch, or the last."""

    FIRST = "first"
    LAST = "last"


CAPS = ("day_cap_minor", "month_cap_minor", "household_cap_minor")
"""What one person may get in a day and in a month, and one household in all."""
LEAST_EXPIRE, MOST_EXPIRE = 30, 1825
"""A person has at least a month, and hears of it two weeks before its end."""


class Program(Owned, Model):
    """One program. `committed_minor` is what rewards have taken of the budget (I-25)."""

    __table_args__ = (
        one_of("state", ProgramState),
        one_of("approval", Approval),
        one_of("touch_rule", TouchRule),
        CheckConstraint("hold_days BETWEEN 0 AND 365", name="hold_days_range"),
        CheckConstraint("click_window_days BETWEEN 1 AND 730", name="click_window_range"),
        CheckConstraint("qualify_window_days BETWEEN 1 AND 730", name="qualify_window_range"),
        CheckConstraint("committed_minor >= 0", name="committed_not_negative"),
        *whole_sum("budget_minor", "committed_minor"),
        *whole_minor("automatic_below_minor", "second_person_from_minor", *CAPS),
    )
    prefix: ClassVar[str] = "prg"

    id: Mapped[Key]
    name: Mapped[Name]
    landing_url: Mapped[Long]
    state: Mapped[Short] = mapped_column(default=ProgramState.ACTIVE)
    touch_rule: Mapped[Short] = mapped_column(default=TouchRule.FIRST)
    approval: Mapped[Short] = mapped_column(default=Approval.AUTOMATIC)
    click_window_days: Mapped[int] = mapped_column(default=90)
    qualify_window_days: Mapped[int] = mapped_column(default=180)
    hold_days: Mapped[int] = mapped_column(default=30)
    currency: Mapped[Currency]
    budget_minor: Mapped[MinorSum | None] = mapped_column(default=None)
    committed_minor: Mapped[MinorSum] = mapped_column(default=0)
    created_at: Mapped[Moment]
    automatic_below_minor: Mapped[Minor | None] = mapped_column(default=None, sort_order=5)
    second_person_from_minor: Mapped[Minor | None] = mapped_column(default=None, sort_order=5)
    day_cap_minor: Mapped[Minor | None] = mapped_column(default=None, sort_order=6)
    month_cap_minor: Mapped[Minor | None] = mapped_column(default=None, sort_order=6)
    household_cap_minor: Mapped[Minor | None] = mapped_column(default=None, sort_order=6)
    expire_days: Mapped[int | None] = mapped_column(default=None, sort_order=6)

    business: Mapped[Business] = relationship()

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)

    @property
    def is_open(self) -> bool:
        return self.state == ProgramState.ACTIVE

    @property
    def click_window(self) -> timedelta:
        return timedelta(days=self.click_window_days)

    @property
    def qualify_window(self) -> timedelta:
        return timedelta(days=self.qualify_window_days)

    @property
    def left_minor(self) -> int | None:
        """Return what is left of the budget, never below nothing; None without a budget."""
        if self.budget_minor is None:
            return None
        return max(0, self.budget_minor - self.committed_minor)

    def approvals_for(self, amount_minor: int) -> int:
        """Return how many people must approve a reward of this amount: none, one or two."""
        second = self.second_person_from_minor
        if second is not None and amount_minor >= second:
            return 2
        if self.approval == Approval.STAFF:
            return 1
        below = self.automatic_below_minor
        return 0 if below is None or amount_minor < below else 1


@dataclass(frozen=True, slots=True)
class ProgramTerms:
    """What a business says of a program; days are whole days.

    Rewards of `automatic_below_minor` and more need a person although approval is automatic, and
    those of `second_person_from_minor` and more need two. A reward its person could have and does
    not take expires after `expire_days`, or never.
    """

    name: str
    landing_url: str
    touch_rule: TouchRule = TouchRule.FIRST
    approval: Approval = Approval.AUTOMATIC
    hold_days: int = 30
    click_window_days: int = 90
    qualify_window_days: int = 180
    automatic_below_minor: int | None = None
    second_person_from_minor: int | None = None
    day_cap_minor: int | None = None
    month_cap_minor: int | None = None
    household_cap_minor: int | None = None
    expire_days: int | None = None

    def check(self) -> None:
        """Raise Invalid naming every field that is out of range."""
        problems = {}
        if not 1 <= len(plain(self.name)) <= 200:
            problems["name"] = "Give the program a name of at most 200 characters."
        if not 0 <= self.hold_days <= 365:
            problems["hold_days"] = "Between 0 and 365 days."
        for field in ("click_window_days", "qualify_window_days"):
            if not 1 <= getattr(self, field) <= 730:
                problems[field] = "Between 1 and 730 days."
        problems |= self._approval_problems() | self._limit_problems()
        try:
            origin_of(self.landing_url, field="landing_url")
        except Invalid as refusal:
            problems |= refusal.fields
        if problems:
            raise Invalid(fields=problems)

    def _amount_problems(self, *fields: str) -> dict[str, str]:
        return {
            field: "An amount above zero, or nothing."
            for field in fields
            if (limit := getattr(self, field)) is not None and not 1 <= limit <= LIMIT_MINOR
        }

    def _limit_problems(self) -> dict[str, str]:
        problems = self._amount_problems(*CAPS)
        if self.expire_days is not None and not LEAST_EXPIRE <= self.expire_days <= MOST_EXPIRE:
            problems["expire_days"] = f"Between {LEAST_EXPIRE} and {MOST_EXPIRE} days, or nothing."
        return problems

    def _approval_problems(self) -> dict[str, str]:
        below, second = self.automatic_below_minor, self.second_person_from_minor
        problems = self._amount_problems("automatic_below_minor", "second_person_from_minor")
        if below is not None and self.approval == Approval.STAFF:
            problems["automatic_below_minor"] = "Only where nobody else has to approve."
        if below is not None and second is not None and second < below:
            problems["second_person_from_minor"] = "At least the amount a first person looks at."
        return problems


class ProgramNotOpen(Conflict):
    """A program that is paused or closed gives nobody a new link."""

    code = "program_not_open"
    message = (
        "This program is paused or closed, so nobody gets a new link in it. Links given before"
        " stay."
    )


class ProgramEnded(Conflict):
    """A closed program does not open again; make a new one."""

    code = "program_ended"
    message = "This program has ended for good. Create a new one instead."


def create_program(
    business: Business,
    terms: ProgramTerms,
    *,
    at: datetime,
    budget_minor: int | None = None,
    key: uuid.UUID | None = None,
    currency: str | None = None,
) -> Program:
    """Create an active program; its landing page's origin becomes one of the business's sites.

    A caller that may repeat itself, such as a form, brings the `key`; the second time it is taken,
    and the database raises IntegrityError. Offers are in the business's currency unless another
    one is named.
    """
    terms.check()
    if currency is not None and not is_currency(currency):
        raise Invalid(fields={"currency": "Use an ISO 4217 code such as eur."})
    check_budget(budget_minor)
    add_site(business, terms.landing_url, at=at)
    program = Program(
        id=key or new_key(),
        business_id=business.id,
        currency=currency or business.currency,
        budget_minor=budget_minor,
        created_at=at,
        business=business,
    )
    _apply(program, terms)
    session.add(program)
    session.flush()
    return program


def edit_program(program: Program, terms: ProgramTerms, *, at: datetime) -> None:
    """Change a program from now on; promises made keep the terms they were made under."""
    if program.state == ProgramState.CLOSED:
        raise ProgramEnded
    terms.check()
    add_site(program.business, terms.landing_url, at=at)
    _apply(program, terms)


def change_state(program: Program, state: ProgramState) -> None:
    """Pause, resume or close a program; raises ProgramEnded for a closed one."""
    if program.state == ProgramState.CLOSED and state != ProgramState.CLOSED:
        raise ProgramEnded
    program.state = state


def find_program(business_id: uuid.UUID, text: str) -> Program:
    """Return the business's program of a public id; raises NotFound."""
    query = (
        select(Program)
        .where(Program.business_id == business_id)
        .where(Program.id == parse_public_id(Program.prefix, text))
        .options(joinedload(Program.business))
    )
    program = session.scalar(query)
    if program is None:
        raise NotFound("There is no such program.")
    return program


def _apply(program: Program, terms: ProgramTerms) -> None:
    program.name = plain(terms.name)
    program.landing_url = address_of(terms.landing_url, field="landing_url")
    program.touch_rule = terms.touch_rule
    program.approval = terms.approval
    program.hold_days = terms.hold_days
    program.click_window_days = terms.click_window_days
    program.qualify_window_days = terms.qualify_window_days
    program.automatic_below_minor = terms.automatic_below_minor
    program.second_person_from_minor = terms.second_person_from_minor
    for field in (*CAPS, "expire_days"):
        setattr(program, field, getattr(terms, field))


def check_budget(budget_minor: int | None) -> None:
    """Raise Invalid for what cannot be a budget: it is as large as a sum can be, or none."""
    if budget_minor is not None and not 0 <= budget_minor <= SUM_LIMIT_MINOR:
        raise Invalid(fields={"budget": "A whole number of minor units, at most 10^15."})
