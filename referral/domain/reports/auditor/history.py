"""What happened to each reward, in order: steps, holds, denials, disputes (I-19 to I-24, I-34)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from referral.domain.reports.auditor.asking import Question, ask
from referral.domain.reports.auditor.report import Violation
from referral.domain.rewards.states import MOVES, RewardState

_FIRST = (RewardState.PENDING, RewardState.CANCELLED)
_ALLOWED = ", ".join(
    f"'{pair}'"
    for pair in sorted(
        [f">{first}" for first in _FIRST]
        + [f"{before}>{after}" for before, afters in MOVES.items() for after in afters]
    )
)
_ENDED = ", ".join(f"'{state}'" for state in RewardState if state not in MOVES)

_QUESTIONS = (
    Question(
        "I-19",
        "reward",
        "A step leads from {from_state} to {to_state}.",
        f"""
        SELECT reward_id AS id, COALESCE(from_state, 'nothing') AS from_state, to_state
        FROM reward_move WHERE COALESCE(from_state, '') NOT IN ({_ENDED})
          AND COALESCE(from_state, '') || '>' || to_state NOT IN ({_ALLOWED})
        """,  # noqa: S608
    ),
    Question(
        "I-19",
        "reward",
        "Its {lines} lines of history do not lead to {state}.",
        """
        SELECT r.id, r.state, COUNT(m.id) AS lines
        FROM reward r LEFT JOIN reward_move m ON m.reward_id = r.id
        GROUP BY r.id, r.state
        HAVING COUNT(m.id) = 0 OR COUNT(DISTINCT m.to_state) <> COUNT(m.id)
            OR COUNT(m.from_state) <> COUNT(m.id) - 1
            OR COUNT(DISTINCT m.from_state) <> COUNT(m.id) - 1
            OR SUM(CASE WHEN m.to_state = r.state THEN 1 ELSE 0 END) <> 1
            OR SUM(CASE WHEN m.from_state = r.state THEN 1 ELSE 0 END) <> 0
        """,
    ),
    Question(
        "I-19",
        "reward",
        "It left {from_state} without ever having been there.",
        """
        SELECT m.reward_id AS id, m.from_state FROM reward_move m
        WHERE m.from_state IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM reward_move b
            WHERE b.reward_id = m.reward_id AND b.to_state = m.from_state)
        """,
    ),
    Question(
        "I-20",
        "reward",
        "It had ended as {from_state} and became {to_state}.",
        f"""
        SELECT reward_id AS id, from_state, to_state FROM reward_move
        WHERE from_state IN ({_ENDED})
        """,  # noqa: S608
    ),
    Question(
        "I-21",
        "reward",
        "The dispute {external_id} is open and never held it.",
        """
        SELECT r.id, d.external_id FROM dispute d JOIN reward r ON r.purchase_id = d.purchase_id
        WHERE d.outcome = 'open' AND r.state IN ('pending', 'approved') AND NOT EXISTS (
            SELECT 1 FROM hold h
            WHERE h.reward_id = r.id AND h.cause = 'dispute:' || d.external_id)
        """,
    ),
    Question(
        "I-21",
        "reward",
        "The dispute {external_id} is {outcome} and still holds it.",
        """
        SELECT h.reward_id AS id, d.external_id, d.outcome
        FROM hold h LEFT JOIN hold_release f ON f.hold_id = h.id
        JOIN reward r ON r.id = h.reward_id
        JOIN dispute d ON d.purchase_id = r.purchase_id AND h.cause = 'dispute:' || d.external_id
        WHERE f.id IS NULL AND d.outcome <> 'open'
        """,
    ),
    Question(
        "I-22",
        "grant",
        "It is done and has no object id.",
        """
        SELECT id FROM "grant" WHERE state = 'done' AND (COALESCE(object_id, '') = ''
            OR settled_at IS NULL)
        """,
    ),
    Question(
        "I-22",
        "reward",
        "{granted} was granted and {payable} was to be.",
        """
        SELECT r.id, g.amount_minor AS granted,
            r.amount_minor - r.withheld_minor - r.netted_minor AS payable
        FROM reward r JOIN "grant" g ON g.reward_id = r.id
        WHERE g.state = 'done' AND g.operation NOT IN TAKINGS
          AND g.amount_minor <> r.amount_minor - r.withheld_minor - r.netted_minor
        """,
    ),
    Question(
        "I-23",
        "reward",
        "Its grant began while it was held: {reason}",
        """
        SELECT h.reward_id AS id, h.reason
        FROM hold h JOIN reward_move m ON m.reward_id = h.reward_id AND m.to_state = 'granting'
        LEFT JOIN hold_release f ON f.hold_id = h.id
        WHERE h.id < m.id AND h.at <= m.at AND (f.id IS NULL OR (f.id > m.id AND f.at >= m.at))
        """,
    ),
    Question(
        "I-24",
        "reward",
        "It was denied by {actor_name}, which is no person.",
        """
        SELECT reward_id AS id, actor_name FROM reward_move
        WHERE to_state = 'denied' AND actor_kind = 'system'
        """,
    ),
    Question(
        "I-24",
        "reward",
        "A hold of the kind {kind} was released by {actor_name}, which is no person.",
        """
        SELECT h.reward_id AS id, h.kind, f.actor_name
        FROM hold_release f JOIN hold h ON h.id = f.hold_id
        WHERE f.actor_kind = 'system' AND h.kind <> 'dispute'
        """,
    ),
    Question(
        "I-24",
        "reward",
        "It was approved by {actor_name} before its hold had passed.",
        """
        SELECT m.reward_id AS id, m.actor_name
        FROM reward_move m JOIN reward r ON r.id = m.reward_id
        WHERE m.to_state = 'approved' AND m.actor_kind = 'system' AND m.at < r.expected_at
        """,
    ),
    Question(
        "I-24",
        "reward",
        "It needed {needed} people to approve it and has {given}.",
        """
        SELECT r.id, r.approvals_needed AS needed, COUNT(DISTINCT a.actor_key) AS given
        FROM reward r JOIN reward_move m ON m.reward_id = r.id AND m.to_state = 'approved'
        LEFT JOIN reward_approval a ON a.reward_id = r.id
        GROUP BY r.id, r.approvals_needed HAVING COUNT(DISTINCT a.actor_key) < r.approvals_needed
        """,
    ),
    Question(
        "I-34",
        "reward",
        "It was held after its grant had begun: {reason}",
        """
        SELECT h.reward_id AS id, h.reason
        FROM hold h JOIN reward_move m ON m.reward_id = h.reward_id AND m.to_state = 'granting'
        WHERE h.kind <> 'wrong_answer' AND h.id > m.id AND h.at > m.at
        """,
    ),
)


def check(connection: Connection) -> Iterator[Violation]:
    """Yield what did not happen in its order, or was not done by whom it must be."""
    return ask(connection, _QUESTIONS)
