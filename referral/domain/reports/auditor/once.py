"""Once and only once: events, rewards, referrals, and objects at the provider (I-1 to I-6)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from referral.domain.reports.auditor.asking import Question, ask, doubled, table_named
from referral.domain.reports.auditor.report import Violation

_UNIQUE = (
    ("I-1", "stripe_event", ("business_id", "event_id")),
    ("I-1", "purchase_key", ("business_id", "key")),
    ("I-1", "refund", ("business_id", "external_id")),
    ("I-1", "dispute", ("business_id", "external_id")),
    ("I-1", "signup", ("program_id", "person_id", "fingerprint")),
    ("I-1", "notice", ("once_key",)),
    ("I-2", "reward", ("offer_id", "person_id", "slot")),
    ("I-3", "referral", ("program_id", "friend_id")),
    ("I-6", "grant", ("idempotency_key",)),
    ("I-6", "grant", ("reward_id", "operation", "attempt")),
    ("I-45", "credit_lot", ("reward_id",)),
    ("I-45", "credit_balance", ("person_id", "currency")),
    ("I-45", "redemption", ("business_id", "external_id")),
    ("I-45", "redemption_reversal", ("redemption_id",)),
)

_SAME_MOMENT = "CASE WHEN s.at = r.at THEN 1 ELSE 0 END = 1"
"""Asked so that no index by moment is taken: imported signups may all be of one."""

_QUESTIONS = (
    Question(
        "I-1",
        "purchase",
        "No key leads to it, so the same money could be counted again.",
        """
        SELECT p.id FROM purchase p LEFT JOIN purchase_key k ON k.purchase_id = p.id
        WHERE k.id IS NULL
        """,
    ),
    Question(
        "I-2",
        "referral",
        "One person has {times} rewards of one offer for it.",
        """
        SELECT r.referral_id AS id, COUNT(*) AS times
        FROM reward r JOIN offer o ON o.id = r.offer_id
        WHERE o.trigger NOT IN ('purchase', 'renewal') AND r.slot NOT LIKE 'superseded:%'
          AND r.slot NOT LIKE 'restored:%' AND r.slot NOT LIKE 'replaced:%'
        GROUP BY r.referral_id, r.offer_id, r.person_id
        HAVING COUNT(*) > 1 AND COUNT(DISTINCT r.slot) > 1
        """,
    ),
    Question(
        "I-2",
        "purchase",
        "One person has {times} rewards of one offer for it.",
        """
        SELECT r.purchase_id AS id, COUNT(*) AS times
        FROM reward r JOIN offer o ON o.id = r.offer_id
        WHERE o.trigger IN ('purchase', 'renewal') AND r.slot NOT LIKE 'restored:%'
          AND r.slot NOT LIKE 'replaced:%'
        GROUP BY r.purchase_id, r.offer_id, r.person_id
        HAVING COUNT(*) > 1 AND COUNT(DISTINCT r.slot) > 1
        """,
    ),
    Question(
        "I-2",
        "reward",
        "It gave way to another and is {state} all the same.",
        """
        SELECT id, state FROM reward WHERE slot LIKE 'superseded:%' AND state <> 'cancelled'
          AND (purchase_id IS NOT NULL OR state NOT IN ('denied', 'expired', 'failed'))
        """,
    ),
    Question(
        "I-2",
        "reward",
        "It was issued again and is {state}, not failed.",
        "SELECT id, state FROM reward WHERE slot LIKE 'replaced:%' AND state <> 'failed'"
        " AND COALESCE(reason, '') <> 'came_back'",
    ),
    Question(
        "I-2",
        "referral",
        "One person has {number} rewards for it of an offer that gives at most {times}.",
        """
        SELECT r.referral_id AS id, COUNT(*) AS number, o.times
        FROM reward r JOIN offer o ON o.id = r.offer_id
        WHERE o.times IS NOT NULL AND r.slot NOT LIKE 'superseded:%'
          AND r.slot NOT LIKE 'restored:%' AND r.slot NOT LIKE 'replaced:%'
        GROUP BY r.referral_id, r.offer_id, r.person_id, o.times HAVING COUNT(*) > o.times
        """,
    ),
    Question(
        "I-3",
        "referral",
        "Its advocate, friend or program is not that of the touch that won.",
        """
        SELECT r.id FROM referral r JOIN touch t ON t.id = r.touch_id
        WHERE t.advocate_id IS DISTINCT FROM r.advocate_id
           OR t.friend_id <> r.friend_id OR t.program_id <> r.program_id
        """,
    ),
    Question(
        "I-3",
        "referral",
        "No signup of this friend was decided that way.",
        f"""
        SELECT r.id FROM referral r WHERE NOT EXISTS (
            SELECT 1 FROM signup s WHERE s.referral_id = r.id AND s.program_id = r.program_id
               AND s.person_id = r.friend_id AND s.outcome = 'referred'
               AND {_SAME_MOMENT})
        """,  # noqa: S608
    ),
    Question(
        "I-5",
        "reward",
        "It is {state} and has {acts} acts done outside.",
        """
        SELECT r.id, r.state, COUNT(g.id) AS acts
        FROM reward r LEFT JOIN "grant" g
          ON g.reward_id = r.id AND g.operation NOT IN TAKINGS AND g.state = 'done'
        GROUP BY r.id, r.state
        HAVING COUNT(g.id) <> CASE WHEN r.state IN ('granted', 'reversed') THEN 1 ELSE 0 END
        """,
    ),
    Question(
        "I-5",
        "reward",
        "{debited} was taken back outside, and {debited_minor} is written down.",
        """
        SELECT r.id, r.debited_minor, COALESCE(SUM(g.amount_minor), 0) AS debited
        FROM reward r LEFT JOIN "grant" g
          ON g.reward_id = r.id AND g.operation IN TAKINGS AND g.state = 'done'
        GROUP BY r.id, r.debited_minor HAVING COALESCE(SUM(g.amount_minor), 0) <> r.debited_minor
        """,
    ),
    Question(
        "I-5",
        "business",
        "The object {object_id} belongs to {times} grants.",
        """
        SELECT business_id AS id, object_id, COUNT(*) AS times FROM "grant"
        WHERE object_id IS NOT NULL GROUP BY business_id, object_id HAVING COUNT(*) > 1
        """,
    ),
    Question(
        "I-6",
        "grant",
        "Attempt {attempt} was opened though the one before is {earlier}, with proof: {proof}.",
        """
        SELECT g.id, g.attempt, COALESCE(p.state, 'missing') AS earlier, g.proof
        FROM "grant" g LEFT JOIN "grant" p
          ON p.reward_id = g.reward_id AND p.operation = g.operation AND p.attempt = g.attempt - 1
        WHERE g.attempt > 1 AND (
              p.id IS NULL OR p.state = 'sending'
           OR (p.state = 'waiting' AND NOT (g.operation = 'store_debit' AND g.state = 'done'))
           OR (p.state = 'replaced' AND (g.proof IS NULL OR p.proof IS NULL))
           OR (p.state = 'done' AND g.operation NOT IN TAKINGS)
           OR (p.state = 'failed' AND p.proof IS NULL))
        """,
    ),
    Question(
        "I-6",
        "reward",
        "{times} acts are under way at once.",
        """
        SELECT reward_id AS id, COUNT(*) AS times FROM "grant"
        WHERE state IN ('waiting', 'sending') GROUP BY reward_id HAVING COUNT(*) > 1
        """,
    ),
    Question(
        "I-6",
        "grant",
        "It is {state} without proof that nothing was left outside.",
        """
        SELECT id, state FROM "grant" WHERE state IN ('failed', 'replaced') AND proof IS NULL
        """,
    ),
)


def check(connection: Connection) -> Iterator[Violation]:
    """Yield what happened more than once, or without its proof."""
    for invariant, name, columns in _UNIQUE:
        yield from doubled(connection, invariant, table_named(name), *columns)
    yield from ask(connection, _QUESTIONS)
