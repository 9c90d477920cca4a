"""Where each reward's money is, by the ledger, beside what the reward says (I-11, I-14 to I-16)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, RowMapping, text

from referral.domain.reports.auditor.asking import TAKINGS, named
from referral.domain.reports.auditor.report import Violation
from referral.domain.rewards.operations import WHOLE
from referral.foundation.money import share, step_minor

_LIVES_IN = {
    "pending": "reserved",
    "approved": "payable",
    "granting": "payable",
    "granted": "granted",
}
_PLACES = ("reserved", "payable", "granted", "clawback_due")

_POSITIONS = """
SELECT r.id, r.state, r.kind, r.amount_minor, b.to_state AS born, r.clawback_minor,
    r.withheld_minor, r.debited_minor, r.owed_minor, r.netted_minor, r.settled_minor,
    r.forgiven_minor, r.expired_minor,
    COALESCE(s.reserved, 0) AS reserved, COALESCE(s.payable, 0) AS payable,
    COALESCE(s.granted, 0) AS granted, COALESCE(s.clawback_due, 0) AS clawback_due,
    COALESCE(s.taken, 0) AS taken, COALESCE(s.released, 0) AS released,
    COALESCE(s.returned, 0) AS returned, COALESCE(s.expired, 0) AS expired,
    COALESCE(s.strangers, 0) AS strangers,
    COALESCE(d.debits, 0) AS debits
FROM reward r
LEFT JOIN reward_move b ON b.reward_id = r.id AND b.from_state IS NULL
LEFT JOIN (
    SELECT reward_id, COUNT(*) AS debits FROM "grant"
    WHERE operation IN TAKINGS AND state IN ('waiting', 'sending') GROUP BY reward_id
) d ON d.reward_id = r.id
LEFT JOIN (
    SELECT t.reward_id,
        SUM(CASE WHEN a.name = 'reserved' THEN e.amount_minor ELSE 0 END) AS reserved,
        SUM(CASE WHEN a.name = 'payable' THEN e.amount_minor ELSE 0 END) AS payable,
        SUM(CASE WHEN a.name = 'granted' THEN e.amount_minor ELSE 0 END) AS granted,
        SUM(CASE WHEN a.name = 'clawback_due' THEN e.amount_minor ELSE 0 END) AS clawback_due,
        SUM(CASE WHEN t.kind = 'reserve' AND a.name = 'budget' THEN -e.amount_minor ELSE 0 END)
            AS taken,
        SUM(CASE WHEN t.kind = 'release' AND a.name = 'budget' THEN e.amount_minor ELSE 0 END)
            AS released,
        SUM(CASE WHEN t.kind = 'reverse' AND a.name = 'budget' THEN e.amount_minor ELSE 0 END)
            AS returned,
        SUM(CASE WHEN t.kind = 'expire' AND a.name = 'budget' THEN e.amount_minor ELSE 0 END)
            AS expired,
        SUM(CASE WHEN a.holder <> ''
            AND REPLACE(a.holder, '-', '') <> REPLACE(CAST(w.person_id AS VARCHAR(36)), '-', '')
            THEN 1 ELSE 0 END) AS strangers
    FROM ledger_transaction t
    JOIN ledger_entry e ON e.transaction_id = t.id
    JOIN ledger_account a ON a.id = e.account_id
    JOIN reward w ON w.id = t.reward_id
    GROUP BY t.reward_id
) s ON s.reward_id = r.id
"""

_SHARES = """
SELECT MIN(CAST(r.id AS VARCHAR(36))) AS id, p.refunded_minor, p.gross_minor,
    MIN(r.currency) AS currency,
    SUM(CASE WHEN r.slot LIKE 'restored:%' THEN 0 ELSE r.amount_minor END) AS promised,
    SUM(r.amount_minor - r.clawback_minor + r.forgiven_minor) AS kept,
    SUM(CASE WHEN r.state IN ('pending', 'approved', 'granting', 'granted')
        THEN r.amount_minor - r.clawback_minor ELSE 0 END) AS live,
    SUM(CASE WHEN r.slot NOT LIKE 'restored:%'
        AND r.state IN ('pending', 'approved', 'granting', 'granted', 'reversed')
        THEN 1 ELSE 0 END) AS stands,
    SUM(CASE WHEN r.state IN ('granted', 'reversed')
        AND COALESCE(r.reason, 'refunded') <> 'refunded'
        THEN 1 ELSE 0 END) AS taken,
    SUM(CASE WHEN f.known_since < t.at AND f.known_since < i.at THEN 1 ELSE 0 END) AS of_old
FROM reward r JOIN purchase p ON p.id = r.purchase_id
JOIN referral i ON i.id = r.referral_id JOIN touch t ON t.id = i.touch_id
JOIN person f ON f.id = i.friend_id
WHERE r.slot NOT LIKE 'superseded:%' AND r.slot NOT LIKE 'replaced:%'
GROUP BY r.offer_id, r.person_id, r.purchase_id, p.refunded_minor, p.gross_minor
HAVING p.refunded_minor > 0 OR SUM(r.clawback_minor) > 0
"""


def check(connection: Connection) -> Iterator[Violation]:
    """Yield each reward whose money is not where and what it should be; reads them one by one."""
    found = connection.execution_options(yield_per=2000).execute(
        text(_POSITIONS.replace("TAKINGS", TAKINGS))
    )
    for row in found.mappings():
        for invariant, said in _faults(row):
            yield Violation(invariant, named("reward", row["id"]), said)
    shares = connection.execution_options(yield_per=2000).execute(text(_SHARES))
    for row in shares.mappings():
        for said in _share_faults(row):
            yield Violation("I-15", named("reward", row["id"]), said)


def _share_faults(row: RowMapping) -> Iterator[str]:
    """Of a promise and what gave parts of it back, the person keeps just what is not refunded.

    Once staff took any of it back they keep less, and for a friend who was a customer before the
    touch nothing begins anew.
    """
    promised, kept = int(row["promised"]), int(row["kept"])
    step = step_minor(row["currency"])
    right = promised - share(promised, row["refunded_minor"], row["gross_minor"], step=step)
    owes_no_less = row["stands"] and not row["taken"] and not row["of_old"]
    if row["live"] > right or (owes_no_less and kept < right):
        yield f"{promised - kept} is taken back and the refunds' share is {promised - right}."


def _faults(row: RowMapping) -> Iterator[tuple[str, str]]:
    yield from _place(row)
    yield from _reservation(row)
    yield from _taken_back(row)
    yield from _parts(row)


def _place(row: RowMapping) -> Iterator[tuple[str, str]]:
    """Money lies in the account of the state, and what could not be taken back in the debts."""
    home = _LIVES_IN.get(row["state"])
    for place in _PLACES[:3]:
        stays = _stays(row) if place == "granted" else 0
        if place != home and row[place] != stays:
            yield "I-11", f"It is {row['state']} and {row[place]} of it lies in {place}."
    if row["clawback_due"] and row["state"] not in ("granted", "reversed"):
        yield "I-11", f"It is {row['state']} and {row['clawback_due']} of it is due back."
    if row["strangers"]:
        yield "I-11", "Its money lies in another person's account."


def _stays(row: RowMapping) -> int:
    """Return what lies in `granted` of a reward that is not: it pays debts, or was let go."""
    if row["state"] in ("approved", "granting"):
        return int(row["netted_minor"])
    return int(row["forgiven_minor"]) if row["state"] == "reversed" else 0


def _reservation(row: RowMapping) -> Iterator[tuple[str, str]]:
    """What was reserved is the amount, unless a limit refused it (then I-27 looks)."""
    if row["born"] == "pending" and row["taken"] != row["amount_minor"]:
        yield "I-14", f"{row['taken']} was reserved for an amount of {row['amount_minor']}."


def _taken_back(row: RowMapping) -> Iterator[tuple[str, str]]:
    """The refunded share is taken back, never more than once, and the ledger says the same."""
    if row["returned"] != row["debited_minor"]:
        yield "I-15", f"The ledger returned {row['returned']} of {row['debited_minor']} debited."
    if row["expired"] != row["expired_minor"]:
        yield "I-45", f"The ledger has {row['expired']} of {row['expired_minor']} expired."
    owed = row["owed_minor"] - row["settled_minor"] - row["forgiven_minor"]
    if row["clawback_due"] != owed:
        yield "I-15", f"The ledger has {row['clawback_due']} of {owed} owed."
    home = _LIVES_IN.get(row["state"])
    if home is None:
        return
    if row["released"] != row["withheld_minor"]:
        yield "I-15", f"The ledger released {row['released']} of {row['withheld_minor']} withheld."
    left = row["clawback_minor"] - row["withheld_minor"] - row["debited_minor"] - row["owed_minor"]
    left = max(0, left - row["expired_minor"])
    if left and row["state"] in ("pending", "approved") and row["kind"] not in WHOLE:
        yield "I-15", f"{left} of what is taken back is not withheld."
    if left and row["state"] == "granted" and not row["debits"]:
        yield "I-15", f"{left} is to be taken back and nothing does it."


def _parts(row: RowMapping) -> Iterator[tuple[str, str]]:
    """Withheld, debited and owed never exceed what is taken back, and fill it in the end.

    What expired unused stands for what was not there to take.
    """
    parts = int(row["withheld_minor"] + row["debited_minor"] + row["owed_minor"])
    clawback, amount = row["clawback_minor"], row["amount_minor"]
    if not 0 <= parts <= clawback <= amount:
        yield "I-16", f"The parts {parts} of {clawback} taken back do not fit {amount}."
    elif row["state"] == "reversed" and parts + row["expired_minor"] != amount:
        yield "I-16", f"It is reversed, and the parts {parts} are not the whole {amount}."
