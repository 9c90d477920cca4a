"""What is seen to every hour: what has served is forgotten, missed events and errors looked for."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from referral.domain.businesses import across_businesses
from referral.domain.reports.audits import plan_audit
from referral.domain.reports.reconciliations import plan_all
from referral.foundation.db import session, transaction
from referral.gateways.stripe import poll_all
from referral.surfaces.web.challenges import forget_old
from referral.surfaces.web.sessions import UserSession

EVERY = timedelta(hours=1)
_SESSIONS_KEPT = timedelta(days=30)


def tidy(*, at: datetime) -> None:
    """Forget what is old enough, see that Stripe's events are looked for and the books audited.

    Proofs of an address go after a day, ended sessions later. Twice does no more.
    """
    with transaction():
        forget_old(at=at)
        session.execute(
            delete(UserSession)
            .where(UserSession.expires_at < at - _SESSIONS_KEPT)
            .execution_options(**across_businesses())
        )
        poll_all()
        plan_audit(at=at)
        plan_all()
