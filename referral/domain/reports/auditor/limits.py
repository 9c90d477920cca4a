"""Budgets and caps: never exceeded, and a refusal can be seen (I-25 to I-28)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from referral.domain.reports.auditor.asking import Question, ask
from referral.domain.reports.auditor.report import Violation

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
        "person",
        "Their rewards took {taken_minor} under a cap of {cap}.",
        """
        SELECT l.person_id AS id, l.taken_minor, MAX(o.person_cap_minor) AS cap
        FROM allowance l
        JOIN reward r ON r.program_id = l.program_id AND r.person_id = l.person_id
        JOIN offer o ON o.id = r.offer_id
        WHERE r.state IN ('pending', 'approved', 'granting', 'granted')
           OR (r.state = 'reversed' AND r.owed_minor > 0)
        GROUP BY l.id, l.person_id, l.taken_minor
        HAVING COUNT(*) = COUNT(o.person_cap_minor) AND l.taken_minor > MAX(o.person_cap_minor)
        """,
    ),
    Question(
        "I-27",
        "reward",
        "It was refused with the reason {reason} and moved money {times} times.",
        """
        SELECT r.id, COALESCE(r.reason, 'missing') AS reason, COUNT(t.id) AS times
        FROM reward r JOIN reward_move m ON m.reward_id = r.id AND m.from_state IS NULL
        LEFT JOIN ledger_transaction t ON t.reward_id = r.id
        WHERE m.to_state = 'cancelled' GROUP BY r.id, r.reason
        HAVING COUNT(t.id) > 0
            OR COALESCE(r.reason, '') NOT IN ('budget_reached', 'cap_reached')
        """,
    ),
    Question(
        "I-28",
        "reward",
        "It was promised and then taken back with the reason {reason}.",
        """
        SELECT r.id, r.reason
        FROM reward r JOIN reward_move m ON m.reward_id = r.id AND m.from_state IS NULL
        WHERE m.to_state = 'pending' AND r.state = 'cancelled'
          AND r.reason IN ('budget_reached', 'cap_reached')
        """,
    ),
)


def check(connection: Connection) -> Iterator[Violation]:
    """Yield what went beyond a limit, or was refused by one without a trace."""
    return ask(connection, _QUESTIONS)
