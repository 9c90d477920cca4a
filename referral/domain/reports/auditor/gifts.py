"""Gift codes, donations and choices, each beside the reward it belongs to (I-5, I-22, I-30)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from referral.domain.reports.auditor.asking import Question, ask
from referral.domain.reports.auditor.report import Violation

_QUESTIONS = (
    Question(
        "I-5",
        "reward",
        "The code {last_four} is given for it, and no act gave it.",
        """
        SELECT c.reward_id AS id, c.last_four FROM gift_code c
        WHERE c.reward_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM "grant" g WHERE g.reward_id = c.reward_id
               AND g.operation = 'gift_code' AND g.state = 'done')
        """,
    ),
    Question(
        "I-5",
        "reward",
        "A gift was given for it, and {codes} codes belong to it.",
        """
        SELECT g.reward_id AS id, COUNT(DISTINCT c.id) AS codes FROM "grant" g
        LEFT JOIN gift_code c ON c.reward_id = g.reward_id
        LEFT JOIN "grant" b ON b.reward_id = g.reward_id
          AND b.operation = 'gift_return' AND b.state = 'done'
        WHERE g.operation = 'gift_code' AND g.state = 'done' AND g.amount_minor > 0
        GROUP BY g.reward_id
        HAVING COUNT(DISTINCT c.id) <> CASE WHEN COUNT(b.id) > 0 THEN 0 ELSE 1 END
        """,
    ),
    Question(
        "I-22",
        "reward",
        "Its code is worth {value_minor} {worth_in}, and {amount_minor} {currency} was granted.",
        """
        SELECT g.reward_id AS id, s.value_minor, s.currency AS worth_in, g.amount_minor, g.currency
        FROM gift_code c JOIN gift_stock s ON s.id = c.stock_id
        JOIN "grant" g ON g.reward_id = c.reward_id
          AND g.operation = 'gift_code' AND g.state = 'done'
        WHERE s.value_minor <> g.amount_minor OR s.currency <> g.currency
           OR c.business_id <> g.business_id OR s.business_id <> c.business_id
        """,
    ),
    Question(
        "I-5",
        "reward",
        "The business's server said {verdict} of its gift, and its act is {state}.",
        """
        SELECT c.reward_id AS id, c.verdict, g.state FROM gift_confirmation c
        JOIN "grant" g ON g.id = c.grant_id
        WHERE g.state <> CASE WHEN c.verdict = 'fulfilled' THEN 'done' ELSE 'failed' END
           OR g.operation <> 'gift_request' OR g.reward_id <> c.reward_id
           OR g.business_id <> c.business_id
        """,
    ),
    Question(
        "I-5",
        "reward",
        "It was given by the business's server, which has not said so.",
        """
        SELECT g.reward_id AS id FROM "grant" g
        WHERE g.operation = 'gift_request' AND g.state = 'done' AND g.amount_minor > 0
          AND NOT EXISTS (
            SELECT 1 FROM gift_confirmation c
            WHERE c.grant_id = g.id AND c.verdict = 'fulfilled')
        """,
    ),
    Question(
        "I-5",
        "reward",
        "A charity is owed something for it, and no act gave that.",
        """
        SELECT d.reward_id AS id FROM donation d WHERE NOT EXISTS (
            SELECT 1 FROM "grant" g WHERE g.reward_id = d.reward_id
               AND g.operation = 'donation' AND g.state = 'done')
        """,
    ),
    Question(
        "I-5",
        "reward",
        "It was given on to a charity, and none is owed anything for it.",
        """
        SELECT g.reward_id AS id FROM "grant" g
        WHERE g.operation = 'donation' AND g.state = 'done' AND g.amount_minor > 0
          AND NOT EXISTS (SELECT 1 FROM donation d WHERE d.reward_id = g.reward_id)
        """,
    ),
    Question(
        "I-22",
        "reward",
        "A charity is owed {amount_minor} less {withdrawn_minor}, and {granted} was given on.",
        """
        SELECT d.reward_id AS id, d.amount_minor, d.withdrawn_minor, g.amount_minor AS granted
        FROM donation d JOIN "grant" g ON g.reward_id = d.reward_id
          AND g.operation = 'donation' AND g.state = 'done'
        WHERE d.amount_minor <> g.amount_minor OR d.currency <> g.currency
           OR d.withdrawn_minor <> (
                SELECT COALESCE(SUM(b.amount_minor), 0) FROM "grant" b
                WHERE b.reward_id = d.reward_id AND b.operation = 'donation_withdrawal'
                  AND b.state = 'done')
        """,
    ),
    Question(
        "I-30",
        "reward",
        "Its person was to choose, and it is given as {kind} without having been chosen.",
        """
        SELECT w.id, w.kind FROM reward w JOIN offer o ON o.id = w.offer_id
        LEFT JOIN choice c ON c.id = (
            SELECT n.id FROM choice n WHERE n.reward_id = w.id ORDER BY n.id DESC LIMIT 1)
        WHERE o.kind = 'choice' AND w.kind <> COALESCE(c.kind, 'choice')
        """,
    ),
)


def check(connection: Connection) -> Iterator[Violation]:
    """Yield codes and gifts that do not belong together."""
    return ask(connection, _QUESTIONS)
