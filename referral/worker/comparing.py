"""Compares what was granted with what the provider holds, both ways; changes nothing (I-5, I-22).

Every act that is done must have its object there, for its customer, amount and currency; every
object there that bears our marks must be known here.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from time import sleep
from typing import TypeVar

from sqlalchemy import select

from referral.domain.businesses import Business, across_businesses, within
from referral.domain.reports.auditor.report import Report, Violation
from referral.domain.reports.reconciliations import Differs
from referral.domain.rewards import Grant, Operation, Reward
from referral.domain.rewards.grants import GrantState
from referral.foundation import clock
from referral.foundation.db import session
from referral.foundation.ids import public_id
from referral.gateways.stripe import Made, StripeAccount
from referral.gateways.stripe.errors import Busy, NotFoundThere, StripeTrouble
from referral.worker.accounts import account_of
from referral.worker.gaps import LONG_OPEN, counted_twice

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that differs: what an audit says of it, the act here and the object there."""

    kind: Differs
    violation: Violation
    grant: Grant | None = None
    made: Made | None = None


def compare_with_provider(report: Report) -> None:
    """Add to a report what differs at the provider, business by business.

    What could not be asked is added as a warning with the name `provider`.
    """
    keys = session.scalars(select(Business.id).order_by(Business.id)).all()
    session.commit()
    for key in keys:
        with within(key):
            _compare_business(key, report)


COMPARED = frozenset(
    {
        Operation.CREDIT,
        Operation.DEBIT,
        Operation.PROMOTION_CODE,
        Operation.TRANSFER,
        Operation.REVERSAL,
        Operation.REFUND,
    }
)
"""The operations that leave an object of their own; the end of a subscription is none."""

BUSY_TRIES = 9
LONGEST_BREAK_S = 10.0
"""How often to ask a busy provider again, and the most seconds between."""

_GOES_WITH_CUSTOMER = frozenset({Operation.CREDIT, Operation.DEBIT, Operation.PROMOTION_CODE})
"""The operations whose objects nobody can list any more once their customer was deleted."""


def _compare_business(key: uuid.UUID, report: Report) -> None:
    acts, account = acts_by_customer(), account_of(key)
    session.commit()
    whose = public_id(Business.prefix, key)
    if account is None:
        if acts:
            report.warnings.append(Violation("provider", whose, "It is not connected."))
        return
    for customer, known in acts.items():
        try:
            beside, held = _patiently(partial(held_for, account, customer, known))
        except StripeTrouble as trouble:
            said = f"{customer} could not be compared: {trouble.said}"
            report.warnings.append(Violation("provider", whose, said))
            continue
        if len(beside) < len(known):
            gone = ", ".join(str(one.object_id) for one in known if one not in beside)
            said = f"{customer} was deleted at the provider, and {gone} with them."
            report.warnings.append(Violation("deleted", whose, said))
        for found in differences(beside, held, whose):
            report.add(found.violation)
    _compare_payments(account, report, whose)


def _compare_payments(account: StripeAccount, report: Report, whose: str) -> None:
    """Add what was paid once and counts as two purchases here."""
    since = clock.now() - LONG_OPEN
    try:
        found = _patiently(lambda: list(counted_twice(account, since=since)))
    except StripeTrouble as trouble:
        said = f"Invoices could not be compared: {trouble.said}"
        report.warnings.append(Violation("provider", whose, said))
        return
    for one in found:
        said = f"{one.object_id} was paid once and is another purchase here as well."
        report.add(Violation("I-1", str(one.purchase), said))


def _patiently(ask: Callable[[], T]) -> T:
    """Ask again where the provider is only busy, as it is while workers of one account ask too."""
    for _ in range(BUSY_TRIES):
        try:
            return ask()
        except Busy as busy:
            sleep(min(busy.after_s or 1.0, LONGEST_BREAK_S))
    return ask()


def acts_by_customer(people: Sequence[uuid.UUID] | None = None) -> dict[str, list[Grant]]:
    """Return what was asked for each customer, done or with its outcome not known yet.

    Of everybody, or of some people only.
    """
    query = select(Grant).where(
        Grant.state.in_((GrantState.DONE, GrantState.SENDING)), Grant.operation.in_(COMPARED)
    )
    if people is not None:
        query = query.join(Grant.reward).where(Reward.person_id.in_(people))
    acts: dict[str, list[Grant]] = defaultdict(list)
    for grant in session.scalars(query.order_by(Grant.id)):
        asked = grant.parameters or {}
        if "netted" not in asked:  # Such a one pays a debt whole: nothing was sent.
            acts[str(asked.get("customer"))].append(grant)
    return acts


def held_for(
    account: StripeAccount, customer: str, known: Sequence[Grant]
) -> tuple[list[Grant], dict[str, Made]]:
    """Return the acts that can be compared, and what the provider holds by its id.

    Left out is what went with a customer who was deleted there, for nobody can look at it any
    more. Raises StripeTrouble.
    """
    held = {one.object_id: one for one in _held(account, customer, known)}
    lost = [
        one for one in known if one.operation in _GOES_WITH_CUSTOMER and one.object_id not in held
    ]
    if lost and account.is_deleted(customer):
        return [one for one in known if one not in lost], held
    return list(known), held


def differences(known: Iterable[Grant], held: dict[str, Made], whose: str) -> Iterator[Found]:
    """Yield what differs for one customer, both ways."""
    yield from _missing(known, held)
    yield from _unknown(held, whose)


def _held(account: StripeAccount, customer: str, known: Iterable[Grant]) -> Iterator[Made]:
    operations = {grant.operation for grant in known}
    if operations & {Operation.CREDIT, Operation.DEBIT}:
        yield from _listed(account.balance_changes, customer)
    if Operation.PROMOTION_CODE in operations:
        yield from _listed(account.promotion_codes, customer)
    if operations & {Operation.TRANSFER, Operation.REVERSAL}:
        for transfer in _listed(account.transfers_to, customer):
            yield transfer
            if transfer.details["amount_reversed"]:
                yield from account.reversals_of(transfer.object_id)
    for payment in {_payment(one) for one in known if one.operation == Operation.REFUND}:
        yield from _listed(account.refunds_of, payment)


def _listed(ask: Callable[[str], list[Made]], place: str) -> list[Made]:
    """List what is there; nothing where there is no such place, and others are looked at still."""
    try:
        return ask(place)
    except NotFoundThere:
        return []


def _payment(grant: Grant) -> str:
    return str((grant.parameters or {})["payment"])


def _missing(known: Iterable[Grant], held: dict[str, Made]) -> Iterator[Found]:
    for grant in known:
        if grant.state != GrantState.DONE:
            continue
        made = held.get(grant.object_id or "")
        if made is None:
            said = f"The provider does not hold its object {grant.object_id}."
            found = Violation("I-5", grant.public_id, said)
            yield Found(Differs.MISSING_THERE, found, grant)
        elif grant.operation != Operation.PROMOTION_CODE and worth(grant) != (
            made.amount_minor,
            made.currency,
        ):
            said = (
                f"Its object is of {made.amount_minor} {made.currency} at the provider, "
                f"and {worth(grant)[0]} {grant.currency} was asked."
            )
            yield Found(Differs.AMOUNT, Violation("I-22", grant.public_id, said), grant, made)


def worth(grant: Grant) -> tuple[int, str]:
    """Return an act's amount as the provider signs it: a credit lowers what is owed (I-18)."""
    sign = -1 if grant.operation == Operation.CREDIT else 1
    return sign * grant.amount_minor, grant.currency


def _unknown(held: dict[str, Made], whose: str) -> Iterator[Found]:
    """Yield objects that bear our marks and are not what their act says; asked for afresh."""
    for made in held.values():
        if made.marks.get("wom_business") != whose:
            continue
        key = str(made.marks.get("wom_grant"))
        query = select(Grant.state, Grant.object_id).where(
            (Grant.idempotency_key == key) | (Grant.object_id == made.object_id)
        )
        known = session.execute(query.execution_options(**across_businesses())).all()
        session.commit()
        if any(one.state == GrantState.SENDING or one[1] == made.object_id for one in known):
            continue
        if not known:
            said = f"The provider holds {made.object_id}, which no act here has made."
        else:
            said = f"The provider holds {made.object_id} for {key} beside {known[0].object_id}."
        found = Violation("I-5", str(made.marks.get("wom_reward")), said)
        yield Found(Differs.UNKNOWN_HERE, found, made=made)
