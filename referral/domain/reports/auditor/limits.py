"""Budgets and caps: never exceeded, and a refusal can be seen (I-25 to I-28)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from referral.domain.reports.auditor.asking import Question, ask
from referral.domain.reports.auditor.report import Violation
from referral.domain.rewards.limits import LIMITS

_REFUSALS = ", ".join(f"'{reason}'" for reason in sorted(LIMITS))

_QUESTIONS = (
    Question(
        "I-25",
        "reward",
        "Reserving it left the budget at {balance_after_minor}.",
        """
        SELECT t.reward_id AS id, e.balance_after_minor
        FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
        JOIN ledger_transaction t ON t.id = e.transaction_id
        WHERE t.kind = 'reserve' AND a.name = 'budget' AND e.balance_after_minor < 0
        """,
    ),
    Question(
        "I-26",
        "allowance",
        "{taken_minor} was taken by one {scope} under a cap of {cap}.",
        """
        WITH COUNTED
        SELECT l.id, l.scope, l.taken_minor, MAX(c.cap) AS cap
        FROM allowance l JOIN (
            SELECT r.*, CASE r.scope WHEN 'person' THEN o.person_cap_minor
                WHEN 'day' THEN o.day_cap_minor WHEN 'month' THEN o.month_cap_minor
                ELSE o.household_cap_minor END AS cap
            FROM counted r JOIN offer o ON o.id = r.offer_id) c
          ON c.program_id = l.program_id AND c.scope = l.scope AND c.holder = l.holder
            AND c.period = l.period
        WHERE c.state IN ('pending', 'approved', 'granting', 'granted')
           OR (c.state = 'reversed' AND c.owed_minor > 0)
        GROUP BY l.id, l.scope, l.taken_minor
        HAVING COUNT(*) = COUNT(c.cap) AND l.taken_minor > MAX(c.cap)
        """,
    ),
    Question(
        "I-27",
        "reward",
        "It was refused with the reason {reason} and moved money {times} times.",
        f"""
        SELECT r.id, COALESCE(r.reason, 'missing') AS reason, COUNT(t.id) AS times
        FROM reward r JOIN reward_move m ON m.reward_id = r.id AND m.from_state IS NULL
        LEFT JOIN ledger_transaction t ON t.reward_id = r.id
        WHERE m.to_state = 'cancelled' GROUP BY r.id, r.reason
        HAVING COUNT(t.id) > 0
            OR COALESCE(r.reason, '') NOT IN ({_REFUSALS})
        """,  # noqa: S608
    ),
    Question(
        "I-28",
        "reward",
        "It was promised and then taken back with the reason {reason}.",
        f"""
        SELECT r.id, r.reason
        FROM reward r JOIN reward_move m ON m.reward_id = r.id AND m.from_state IS NULL
        WHERE m.to_state = 'pending' AND r.state = 'cancelled'
          AND r.reason IN ({_REFUSALS})
        """,  # noqa: S608
    ),
)


def check(connection: Connection) -> Iterator[Violation]:
    """Yield what went beyond a limit, or was refused by one without a trace."""
    return ask(connection, _QUESTIONS)
