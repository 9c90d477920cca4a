"""Store credit: balances, lots, entries and what was bought, beside the rewards (I-45)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Select, select

from referral.domain.programs import Offer
from referral.domain.reports.auditor.asking import Question, ask, named
from referral.domain.reports.auditor.report import Violation
from referral.domain.rewards import CreditLot, Reward

_QUESTIONS = (
    Question(
        "I-45",
        "person",
        "They have {balance_minor} {currency}, and their lots {total}.",
        """
        SELECT b.person_id AS id, b.balance_minor, b.currency, COALESCE(s.total, 0) AS total
        FROM credit_balance b LEFT JOIN (
            SELECT person_id, currency, SUM(left_minor) AS total
            FROM credit_lot GROUP BY person_id, currency) s
          ON s.person_id = b.person_id AND s.currency = b.currency
        WHERE b.balance_minor <> COALESCE(s.total, 0) OR b.balance_minor < 0
        """,
    ),
    Question(
        "I-45",
        "person",
        "They have {balance_minor} {currency}, and their last entry left {balance_after_minor}.",
        """
        SELECT b.person_id AS id, b.balance_minor, b.currency, e.balance_after_minor
        FROM credit_balance b JOIN credit_entry e ON e.id = (
            SELECT l.id FROM credit_entry l
            WHERE l.person_id = b.person_id AND l.currency = b.currency
            ORDER BY l.id DESC LIMIT 1)
        WHERE e.balance_after_minor <> b.balance_minor
        """,
    ),
    Question(
        "I-45",
        "credit_lot",
        "{left_minor} of {granted_minor} is left, and its entries sum to {total}.",
        """
        SELECT l.id, l.left_minor, l.granted_minor, COALESCE(s.total, 0) AS total
        FROM credit_lot l LEFT JOIN (
            SELECT credit_lot_id, SUM(amount_minor) AS total
            FROM credit_entry GROUP BY credit_lot_id) s ON s.credit_lot_id = l.id
        WHERE l.left_minor <> COALESCE(s.total, 0)
           OR l.left_minor NOT BETWEEN 0 AND l.granted_minor
        """,
    ),
    Question(
        "I-45",
        "credit_lot",
        "Given {granted_minor}, taken back {taken}, expired {ended}: its reward says another sum.",
        """
        SELECT l.id, l.granted_minor, s.taken, s.ended
        FROM credit_lot l JOIN reward r ON r.id = l.reward_id JOIN (
            SELECT credit_lot_id,
                SUM(CASE WHEN kind = 'grant' THEN amount_minor ELSE 0 END) AS given,
                SUM(CASE WHEN kind = 'taken_back' THEN -amount_minor ELSE 0 END) AS taken,
                SUM(CASE WHEN kind = 'expiry' THEN -amount_minor ELSE 0 END) AS ended
            FROM credit_entry GROUP BY credit_lot_id) s ON s.credit_lot_id = l.id
        WHERE l.granted_minor <> r.amount_minor - r.withheld_minor - r.netted_minor
           OR s.given <> l.granted_minor OR s.taken <> r.debited_minor
           OR s.ended - r.expired_minor NOT BETWEEN 0 AND r.settled_minor + r.forgiven_minor
        """,
    ),
    Question(
        "I-45",
        "credit_lot",
        "It is another person's or in another currency than its reward.",
        """
        SELECT l.id FROM credit_lot l JOIN reward r ON r.id = l.reward_id
        WHERE l.person_id <> r.person_id OR l.currency <> r.currency
           OR l.business_id <> r.business_id OR r.kind <> 'store_credit'
        """,
    ),
    Question(
        "I-45",
        "credit_lot",
        "An entry of it is another person's or in another currency.",
        """
        SELECT DISTINCT l.id FROM credit_lot l JOIN credit_entry e ON e.credit_lot_id = l.id
        WHERE e.person_id <> l.person_id OR e.currency <> l.currency
           OR e.business_id <> l.business_id
           OR (e.amount_minor > 0) <> (e.kind IN ('grant', 'reversal'))
           OR (e.redemption_id IS NOT NULL) <> (e.kind IN ('redemption', 'reversal'))
        """,
    ),
    Question(
        "I-45",
        "reward",
        "It is {state} and has no lot.",
        """
        SELECT r.id, r.state FROM reward r LEFT JOIN credit_lot l ON l.reward_id = r.id
        WHERE r.kind = 'store_credit' AND r.state IN ('granted', 'reversed') AND l.id IS NULL
          AND r.amount_minor > r.withheld_minor + r.netted_minor
        """,
    ),
    Question(
        "I-45",
        "reward",
        "{owed_minor} of it is owed though {left_minor} of its lot is left.",
        """
        SELECT r.id, r.owed_minor, l.left_minor
        FROM reward r JOIN credit_lot l ON l.reward_id = r.id
        WHERE r.owed_minor > r.settled_minor + r.forgiven_minor AND l.left_minor > 0
        """,
    ),
    Question(
        "I-45",
        "redemption",
        "{amount_minor} was redeemed, {spent} taken of lots and {returned} given back.",
        """
        SELECT d.id, d.amount_minor, COALESCE(s.spent, 0) AS spent,
            COALESCE(s.returned, 0) AS returned
        FROM redemption d LEFT JOIN redemption_reversal v ON v.redemption_id = d.id
        LEFT JOIN (
            SELECT e.redemption_id,
                SUM(CASE WHEN e.kind = 'redemption' THEN -e.amount_minor ELSE 0 END) AS spent,
                SUM(CASE WHEN e.kind = 'reversal' THEN e.amount_minor ELSE 0 END) AS returned,
                SUM(CASE WHEN w.person_id = e.person_id AND w.currency = e.currency
                    THEN 0 ELSE 1 END) AS strangers
            FROM credit_entry e JOIN redemption w ON w.id = e.redemption_id
            GROUP BY e.redemption_id) s ON s.redemption_id = d.id
        WHERE d.amount_minor <> COALESCE(s.spent, 0) OR COALESCE(s.strangers, 0) > 0
           OR COALESCE(v.returned_minor, 0) <> COALESCE(s.returned, 0)
           OR (v.id IS NOT NULL AND v.returned_minor <> d.amount_minor)
        """,
    ),
    Question(
        "I-36",
        "credit_lot",
        "Something is left of it, and nothing will end it.",
        """
        SELECT id FROM credit_lot
        WHERE left_minor > 0 AND expires_at IS NOT NULL AND due_at IS NULL AND dead_at IS NULL
        """,
    ),
)
_LIVES: Select[*tuple[Any, ...]] = (
    select(CreditLot.id, CreditLot.granted_at, CreditLot.expires_at, Offer.credit_life_days)
    .join(Reward, Reward.id == CreditLot.reward_id)
    .join(Offer, Offer.id == Reward.offer_id)
)


def check(connection: Connection) -> Iterator[Violation]:
    """Yield store credit that does not add up, is nobody's, or lasts longer than was promised."""
    yield from ask(connection, _QUESTIONS)
    for key, granted_at, expires_at, days in connection.execution_options(yield_per=2000).execute(
        _LIVES
    ):
        promised = None if days is None else granted_at + timedelta(days=days)
        if expires_at != promised:
            said = f"It expires at {expires_at}, and {promised} was promised."
            yield Violation("I-45", named("credit_lot", key), said)
