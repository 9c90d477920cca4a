"""What comes later than the purchase: a friend counts for a milestone, an exchange rate arrives."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from referral.domain.attribution import referrals_of_friend
from referral.domain.businesses import Business
from referral.domain.currencies import ExchangeRate, RateTerms, convert_on, record_rates
from referral.domain.journey.thanking import thank_since
from referral.domain.people import lock_person
from referral.domain.rewards.awaiting import AwaitedRate, wake_awaiting
from referral.foundation.db import session


def tell_rates(
    business: Business, told: Iterable[RateTerms], *, at: datetime
) -> list[tuple[ExchangeRate, bool]]:
    """Keep exchange rates, and have what waited for them judged again; the flag says it was new.

    Raises Invalid, or RateDiffers when another rate is known for its day.
    """
    kept = record_rates(business.id, told, at=at)
    wake_awaiting([rate for rate, is_new in kept if is_new], at=at)
    return kept


def judge_again(waiting: AwaitedRate, *, at: datetime) -> bool:
    """Earn what waited for a rate, once there is one; False while there is none."""
    purchase = waiting.purchase
    lock_person(purchase.person)
    session.refresh(waiting, with_for_update={"of": AwaitedRate})
    found = convert_on(
        purchase.business_id,
        purchase.base_minor,
        base=waiting.base,
        quote=waiting.quote,
        paid_at=purchase.occurred_at,
    )
    if found is None:
        return False
    if referrals_of_friend(purchase.person):
        thank_since(purchase.person, at=at)
    waiting.met_at = at
    session.flush()
    return True
