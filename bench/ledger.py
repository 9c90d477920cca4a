"""How long an audit takes: `python -m bench.ledger NUMBER`, in a process of its own.

One friend's whole story is told through the journey and then copied, row by row with ids of its
own, until there are NUMBER rewards. Prints what an audit of them took, beside one bare scan of the
ledger's entries, as JSON.
"""

import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Table, func, insert, select, text, update

from bench.auditing import Audited
from bench.seed import program_of
from config import Settings
from referral import create_app
from referral.domain import journey
from referral.domain.attribution import Told
from referral.domain.businesses import Business, across_businesses, create_business, within
from referral.domain.links.codes import make_code
from referral.domain.people import Identity, customer_of
from referral.domain.programs import Program
from referral.domain.purchases import Claim, PurchaseFact
from referral.domain.reports.auditor import audit
from referral.domain.rewards import (
    Grant,
    LedgerAccount,
    LedgerEntry,
    Operation,
    Reward,
    attempts,
    ripen,
)
from referral.domain.rewards.grants import Asked, Done, GrantState
from referral.domain.rewards.settling import settle
from referral.foundation import clock
from referral.foundation.db import Base, db, session, transaction
from referral.foundation.ids import new_key, public_id

A_MONTH = timedelta(days=31)
REWARDS_A_STORY = 2
BATCH = 500
Rows = dict[str, dict[uuid.UUID, dict[str, Any]]]


def main(rewards: int) -> Audited:
    """Fill an empty database and audit it; every promise must hold."""
    app = create_app(Settings())
    with app.app_context():
        db.create_all()
        fill(rewards // REWARDS_A_STORY)
        session.remove()
        counted, entries = _count(Reward), _count(LedgerEntry)
        session.remove()
        scan_s, _ = _timed(_scan)
        audit_s, report = _timed(lambda: audit(clock.now()))
        return Audited(counted, entries, len(report.violations), audit_s, scan_s)


def fill(stories: int) -> None:
    """Tell so many stories of a business of their own."""
    at = clock.now() - 2 * A_MONTH
    with transaction():
        business = create_business("Bench", site_url="https://shop.example/", currency="eur", at=at)
        with within(business.id):
            program = program_of(business, at)
    with within(business.id):
        _tell(business, program, "first", at)
        before = _everything()
        _tell(business, program, "template", at)
        _copy(before, _everything(), stories - 2)


def _tell(business: Business, program: Program, name: str, at: datetime) -> None:
    """Let a friend come by a link and pay, and both be given their rewards a month later."""
    advocate = Identity.read(email=f"alice-{name}@mail.example", stripe_customer_id=f"cus_a_{name}")
    friend = Identity.read(email=f"bob-{name}@mail.example", stripe_customer_id=f"cus_b_{name}")
    with transaction():
        person, _ = journey.introduce(business, advocate, at=at)
        link = journey.enroll(person, program, at=at)
    with transaction():
        journey.join(business, program, friend, Told(code=link.code), at=at)
        claim = Claim(email=f"bob-{name}@mail.example")
        journey.buy(business, PurchaseFact(claim, (f"in_{name}",), 12000, 2000, "eur", at), at=at)
    _give(at + A_MONTH)


def _give(at: datetime) -> None:
    with transaction():
        for reward in session.scalars(select(Reward).where(Reward.due_at <= at)).all():
            ripen(reward, at=at)
            reward.due_at = None
    with transaction():
        for grant in session.scalars(select(Grant).where(Grant.state == GrantState.WAITING)).all():
            customer = customer_of(grant.reward.person) or ""
            attempts.prepare(grant, Asked(customer, None), at=at)
            amount = 0 if grant.operation == Operation.PROMOTION_CODE else grant.amount_minor
            made = Done(f"obj_{grant.public_id}", amount, grant.currency, customer, {})
            settle(grant, made, at=at)
            grant.due_at = None


def _count(model: type[Base]) -> int:
    query = select(func.count()).select_from(model).execution_options(**across_businesses())
    return int(session.scalar(query) or 0)


def _everything() -> Rows:
    return {
        table.name: {
            row.id: dict(row._mapping)
            for row in session.execute(select(table).execution_options(**across_businesses()))
        }
        for table in db.metadata.sorted_tables
    }


def _copy(before: Rows, after: Rows, times: int) -> None:
    """Put the rows of the last story in again and again, and bring what all share in line."""
    story = {
        name: [row for key, row in rows.items() if key not in before[name]]
        for name, rows in after.items()
    }
    made = [(name, row["id"]) for name, rows in story.items() for row in rows]
    code = story["link"][0]["code"]
    for start in range(0, times, BATCH):
        numbers = range(start, min(start + BATCH, times))
        copies = [_renamer(made, code, number) for number in numbers]
        with transaction():
            for table in db.metadata.sorted_tables:
                rows = [copy(row) for copy in copies for row in story[table.name]]
                if rows:
                    session.execute(insert(table), rows)
    _bring_in_line(before, after, times)


def _renamer(
    made: list[tuple[str, uuid.UUID]], code: str, number: int
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what makes a copy of a row: new ids wherever an old one is told, new names."""
    keys = {old: new_key() for _, old in made}
    words = {"template": str(number), code: make_code()}
    prefixes = _prefixes()
    for table, old in made:
        words[str(old)] = str(keys[old])
        words[old.hex] = keys[old].hex
        if prefix := prefixes.get(table):
            words[public_id(prefix, old)] = public_id(prefix, keys[old])

    def renamed(value: Any) -> Any:
        if isinstance(value, uuid.UUID):
            return keys.get(value, value)
        if isinstance(value, str):
            for old, new in words.items():
                if old in value:
                    value = value.replace(old, new)
            return value
        if isinstance(value, dict | list):
            return json.loads(renamed(json.dumps(value)))
        return value

    return lambda row: {name: renamed(value) for name, value in row.items()}


@cache
def _prefixes() -> dict[str, str]:
    """Return the prefix of the ids people see, by table."""
    models = [mapper.class_ for mapper in Base.registry.mappers]
    return {one.__tablename__: one.prefix for one in models if hasattr(one, "prefix")}


def _bring_in_line(before: Rows, after: Rows, times: int) -> None:
    """Add to budgets and accounts that all stories share what one story changed, so many times."""
    shared: list[tuple[Table, str]] = [
        (Program.__table__, "committed_minor"),  # type: ignore[list-item]
        (LedgerAccount.__table__, "balance_minor"),  # type: ignore[list-item]
    ]
    with transaction():
        for table, column in shared:
            for key, row in before[table.name].items():
                change = (after[table.name][key][column] - row[column]) * times
                value = {column: table.c[column] + change}
                session.execute(update(table).where(table.c.id == key).values(value))


def _scan() -> Iterator[Any]:
    with db.engine.connect() as connection:
        query = "SELECT account_id, SUM(amount_minor) FROM ledger_entry GROUP BY account_id"
        return iter(connection.execute(text(query)).all())


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    began_at = time.perf_counter()
    result = act()
    return time.perf_counter() - began_at, result


if __name__ == "__main__":
    print(json.dumps(asdict(main(int(sys.argv[1])))))
