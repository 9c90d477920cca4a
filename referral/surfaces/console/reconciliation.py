"""The reconciliation report: what we granted beside what Stripe holds, and what we missed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from referral.domain.businesses import connection_of
from referral.domain.reports import reconciliations
from referral.domain.reports.console_record import subjects
from referral.domain.reports.reconciliations import Difference, Differs, Reconciliation, Stage
from referral.domain.rewards import Reward
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import NotFound
from referral.foundation.money import Money
from referral.surfaces.console.door import may
from referral.surfaces.console.exporting import BATCH, Cell, download, in_batches, utc
from referral.surfaces.console.frame import page

WORDS = {
    Differs.MISSING_THERE: "We gave this, and Stripe does not have it",
    Differs.UNKNOWN_HERE: "Stripe has this with our mark, and we do not know it",
    Differs.AMOUNT: "Stripe has another amount than we gave",
    Differs.PURCHASE_UNKNOWN: "Somebody paid this, and we did not hear of it",
    Differs.PURCHASE_AMOUNT: "Stripe says that another amount was paid than we know",
    Differs.REFUND_UNKNOWN: "This was refunded, and we did not hear of it",
    Differs.PURCHASE_TWICE: "This was paid once, and counts as two purchases here",
}
_UNDER_WAY = {
    Stage.ACTS: "what was given",
    Stage.INVOICES: "paid invoices",
    Stage.SESSIONS: "finished checkouts",
    Stage.REFUNDS: "refunds",
}
_HEAD = (
    "difference", "reward", "stripe_object", "stripe_customer", "ours_minor", "stripe_minor",
    "currency", "moment_utc", "other_purchase",
)  # fmt: skip


def show() -> str:
    """Show the last comparison, what differs, and when the next one comes."""
    at, run, waiting = clock.now(), reconciliations.last_run(), reconciliations.open_run()
    leaf = reconciliations.differences(run, _after()) if run else None
    rows = leaf.rows if leaf else ()
    return page(
        "reconciliation",
        is_connected=connection_of(g.business.id) is not None,
        run=run,
        number=reconciliations.count_differences(run) if run else 0,
        sums=_sums(run) if run else (),
        waiting=waiting,
        under_way=_under_way(waiting) if waiting and waiting.began_at else None,
        is_due=waiting is not None and waiting.due_at is not None and waiting.due_at <= at,
        rows=rows,
        rewards=_rewards(rows),
        words=WORDS,
        next_url=url_for("console.reconciliation", after=leaf.next) if leaf and leaf.next else None,
        first_url=url_for("console.reconciliation") if "after" in request.args else None,
    )


def compare_now() -> Response:
    """Have this business compared as soon as a worker is free."""
    connection, at = connection_of(g.business.id), clock.now()
    if connection is None:
        flash("Stripe is not connected, so there is nothing to compare with.", "warning")
    else:
        with transaction():
            reconciliations.compare_soon(g.business.id, since=connection.changed_at, at=at)
        flash("It is compared as soon as a worker is free.", "success")
    return redirect(url_for("console.reconciliation"), 303)


def export() -> Any:
    """Download every difference of the last comparison."""
    run = reconciliations.last_run()
    if run is None:
        raise NotFound("Nothing has been compared yet.")

    def write(rows: Sequence[Difference]) -> list[list[Cell]]:
        return [_row(one) for one in rows]

    return download(
        "differences-with-stripe",
        _HEAD,
        in_batches(lambda after: reconciliations.differences(run, after, limit=BATCH), write),
        subject=g.business.public_id,
    )


def need() -> list[dict[str, object]]:
    """Say on the overview how much the last comparison found."""
    run = reconciliations.last_run() if may("reconciliation") else None
    number = reconciliations.count_differences(run) if run else 0
    if not number:
        return []
    words = ("difference" if number == 1 else "differences") + " between us and Stripe"
    url = url_for("console.reconciliation")
    return [{"number": number, "words": words, "url": url, "icon": "scale"}]


def _sums(run: Reconciliation) -> list[tuple[Money, Money, Money]]:
    """Return what was given by currency: as we know it, as Stripe does, and the difference."""
    pairs = [
        (Money(ours, currency), Money(theirs, currency))
        for currency, (ours, theirs) in sorted(run.sums.items())
    ]
    return [(ours, theirs, theirs - ours) for ours, theirs in pairs]


def _under_way(run: Reconciliation) -> str:
    return _UNDER_WAY[Stage(run.stage)]


def _rewards(rows: Sequence[Difference]) -> dict[str, Reward]:
    found = subjects(one.reward for one in rows if one.reward)
    return {key: one for key, one in found.items() if isinstance(one, Reward)}


def _row(one: Difference) -> list[Cell]:
    return [
        one.kind,
        one.reward,
        one.object_id,
        one.customer_id,
        one.ours_minor,
        one.theirs_minor,
        one.currency,
        utc(one.at) if one.at else None,
        one.purchase,
    ]


def _after() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.args["after"]) if "after" in request.args else None
    except ValueError:
        return None
