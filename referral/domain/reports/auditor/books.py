"""The books: movements, accounts, currencies and kept balances (I-9, I-10, I-14, I-17)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from referral.domain.reports.auditor.asking import Question, ask
from referral.domain.reports.auditor.report import Violation

_OUTSIDE = "('reserved', 'payable', 'granted', 'clawback_due')"

_QUESTIONS = (
    Question(
        "I-9",
        "ledger_transaction",
        "Its {entries} entries sum to {total}.",
        """
        SELECT transaction_id AS id, COUNT(*) AS entries, SUM(amount_minor) AS total
        FROM ledger_entry GROUP BY transaction_id HAVING SUM(amount_minor) <> 0 OR COUNT(*) < 2
        """,
    ),
    Question(
        "I-9",
        "ledger_transaction",
        "It has no entries.",
        """
        SELECT t.id FROM ledger_transaction t
        WHERE NOT EXISTS (SELECT 1 FROM ledger_entry e WHERE e.transaction_id = t.id)
        """,
    ),
    Question(
        "I-9",
        "ledger_transaction",
        "It moves money in an account of another program.",
        """
        SELECT DISTINCT t.id FROM ledger_entry e
        JOIN ledger_transaction t ON t.id = e.transaction_id
        JOIN ledger_account a ON a.id = e.account_id
        WHERE a.program_id <> t.program_id OR a.business_id <> t.business_id
        """,
    ),
    Question(
        "I-10",
        "program",
        "Its accounts in {currency} sum to {total}.",
        """
        SELECT program_id AS id, currency, SUM(balance_minor) AS total FROM ledger_account
        GROUP BY program_id, currency HAVING SUM(balance_minor) <> 0
        """,
    ),
    Question(
        "I-14",
        "ledger_account",
        "The balance of {name} is {balance_minor} and its entries sum to {total}.",
        """
        SELECT a.id, a.name, a.balance_minor, COALESCE(SUM(e.amount_minor), 0) AS total
        FROM ledger_account a LEFT JOIN ledger_entry e ON e.account_id = a.id
        GROUP BY a.id, a.name, a.balance_minor
        HAVING COALESCE(SUM(e.amount_minor), 0) <> a.balance_minor
        """,
    ),
    Question(
        "I-14",
        "program",
        "{committed_minor} of the budget is committed and its rewards hold {total}.",
        f"""
        SELECT p.id, p.committed_minor, COALESCE(SUM(s.total), 0) AS total
        FROM program p LEFT JOIN (
            SELECT a.program_id, SUM(e.amount_minor) AS total
            FROM ledger_account a JOIN ledger_entry e ON e.account_id = a.id
            WHERE a.name IN {_OUTSIDE} GROUP BY a.program_id) s ON s.program_id = p.id
        GROUP BY p.id, p.committed_minor HAVING COALESCE(SUM(s.total), 0) <> p.committed_minor
        """,  # noqa: S608
    ),
    Question(
        "I-14",
        "allowance",
        "{taken_minor} is taken by one {scope} and their rewards hold {total}.",
        """
        WITH COUNTED
        SELECT MIN(id) AS id, scope, SUM(taken_minor) AS taken_minor, SUM(held) AS total FROM (
            SELECT CAST(id AS VARCHAR(36)) AS id, program_id, scope, holder, period, taken_minor,
                0 AS held
            FROM allowance
            UNION ALL
            SELECT CAST(NULL AS VARCHAR(36)), program_id, scope, holder, period, 0, CASE
                WHEN state IN ('pending', 'approved', 'granting') THEN amount_minor - withheld_minor
                WHEN state IN ('granted', 'reversed')
                    THEN amount_minor - withheld_minor - debited_minor - settled_minor
                        - expired_minor
                ELSE 0 END
            FROM counted) both_sides
        GROUP BY program_id, scope, holder, period
        HAVING COUNT(id) > 0 AND SUM(taken_minor) <> SUM(held)
        """,
    ),
    Question(
        "I-14",
        "reward",
        "It holds {amount_minor} and is not counted for its {scope}.",
        """
        WITH COUNTED
        SELECT r.id, r.scope, r.amount_minor FROM counted r
        WHERE r.state IN ('pending', 'approved', 'granting', 'granted') AND r.amount_minor > 0
          AND NOT EXISTS (
            SELECT 1 FROM allowance l WHERE l.program_id = r.program_id AND l.scope = r.scope
              AND l.holder = r.holder AND l.period = r.period)
        """,
    ),
    Question(
        "I-14",
        "reward",
        "{settled_minor} of its debt is settled, {forgiven_minor} forgiven and {netted_minor} of it"
        " pays debts; what was written down says {settled}, {forgiven} and {netted}.",
        """
        SELECT r.id, r.settled_minor, r.forgiven_minor, r.netted_minor,
            COALESCE(d.settled, 0) AS settled, COALESCE(d.forgiven, 0) AS forgiven,
            COALESCE(p.netted, 0) AS netted
        FROM reward r LEFT JOIN (
            SELECT debt_id,
                SUM(CASE WHEN paid_by_id IS NULL THEN 0 ELSE amount_minor END) AS settled,
                SUM(CASE WHEN paid_by_id IS NULL THEN amount_minor ELSE 0 END) AS forgiven
            FROM debt_settlement GROUP BY debt_id) d ON d.debt_id = r.id
        LEFT JOIN (
            SELECT paid_by_id, SUM(amount_minor) AS netted
            FROM debt_settlement GROUP BY paid_by_id) p ON p.paid_by_id = r.id
        WHERE r.settled_minor <> COALESCE(d.settled, 0)
           OR r.forgiven_minor <> COALESCE(d.forgiven, 0)
           OR r.netted_minor <> COALESCE(p.netted, 0)
        """,
    ),
    Question(
        "I-17",
        "reward",
        "It pays a debt of another person, program or currency.",
        """
        SELECT DISTINCT r.id FROM debt_settlement s
        JOIN reward r ON r.id = s.paid_by_id JOIN reward d ON d.id = s.debt_id
        WHERE r.person_id <> d.person_id OR r.program_id <> d.program_id
           OR r.currency <> d.currency
        """,
    ),
    Question(
        "I-14",
        "reward",
        "{open_holds} holds are counted and {total} are open.",
        """
        SELECT r.id, r.open_holds, COALESCE(s.total, 0) AS total
        FROM reward r LEFT JOIN (
            SELECT h.reward_id, COUNT(*) AS total
            FROM hold h LEFT JOIN hold_release f ON f.hold_id = h.id
            WHERE f.id IS NULL GROUP BY h.reward_id) s ON s.reward_id = r.id
        WHERE r.open_holds <> COALESCE(s.total, 0)
        """,
    ),
    Question(
        "I-14",
        "reward",
        "{approvals_given} approvals are counted and {total} are kept.",
        """
        SELECT r.id, r.approvals_given, COUNT(a.id) AS total
        FROM reward r LEFT JOIN reward_approval a ON a.reward_id = r.id
        GROUP BY r.id, r.approvals_given HAVING COUNT(a.id) <> r.approvals_given
        """,
    ),
    Question(
        "I-14",
        "purchase",
        "{refunded_minor} is counted as refunded and the news adds up to {total}.",
        """
        WITH told AS (
            SELECT purchase_id,
                SUM(CASE WHEN has_failed THEN 0 ELSE amount_minor END) AS standing,
                SUM(CASE WHEN has_failed THEN amount_minor ELSE 0 END) AS failed
            FROM refund GROUP BY purchase_id),
        lost AS (
            SELECT purchase_id, SUM(amount_minor) AS total
            FROM dispute WHERE outcome = 'lost' GROUP BY purchase_id),
        parts AS (
            SELECT p.id, p.gross_minor, p.refunded_minor, COALESCE(t.standing, 0) AS standing,
                p.charge_refunded_minor - COALESCE(t.failed, 0) AS charged,
                COALESCE(l.total, 0) AS lost
            FROM purchase p LEFT JOIN told t ON t.purchase_id = p.id
            LEFT JOIN lost l ON l.purchase_id = p.id),
        sums AS (
            SELECT id, gross_minor, refunded_minor,
                CASE WHEN standing > charged THEN standing ELSE charged END + lost AS total
            FROM parts)
        SELECT id, refunded_minor, total FROM sums
        WHERE refunded_minor <> CASE WHEN total > gross_minor THEN gross_minor ELSE total END
        """,
    ),
    Question(
        "I-17",
        "reward",
        "It is in {currency}, its program in {program} and its offer in {offer}.",
        """
        SELECT r.id, r.currency, p.currency AS program, o.currency AS offer
        FROM reward r JOIN program p ON p.id = r.program_id JOIN offer o ON o.id = r.offer_id
        WHERE r.currency <> p.currency OR r.currency <> o.currency
        """,
    ),
    Question(
        "I-17",
        "grant",
        "It is in {currency} and its reward in {promised}.",
        """
        SELECT g.id, g.currency, r.currency AS promised
        FROM "grant" g JOIN reward r ON r.id = g.reward_id WHERE g.currency <> r.currency
        """,
    ),
    Question(
        "I-17",
        "ledger_transaction",
        "It moves {currency} of a reward or account in another currency.",
        """
        SELECT DISTINCT t.id, t.currency FROM ledger_transaction t
        JOIN ledger_entry e ON e.transaction_id = t.id
        JOIN ledger_account a ON a.id = e.account_id
        LEFT JOIN reward r ON r.id = t.reward_id
        WHERE a.currency <> t.currency OR r.currency <> t.currency
        """,
    ),
)


def check(connection: Connection) -> Iterator[Violation]:
    """Yield what does not add up."""
    return ask(connection, _QUESTIONS)
