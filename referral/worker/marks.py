"""What every object we make at Stripe carries, so that it can be found again and traced."""

from __future__ import annotations

from referral.domain.businesses import Business
from referral.domain.people import Person
from referral.domain.rewards import Grant, Reward
from referral.foundation.ids import public_id


def marks_of(grant: Grant) -> dict[str, str]:
    """Return the metadata of a grant's object; the key makes it unique among a reward's acts."""
    return {
        "wom_reward": public_id(Reward.prefix, grant.reward_id),
        "wom_business": public_id(Business.prefix, grant.business_id),
        "wom_grant": grant.idempotency_key,
    }


def marks_of_person(person: Person) -> dict[str, str]:
    """Return the metadata of a customer we make; no act of theirs stands in it."""
    return {
        "wom_business": public_id(Business.prefix, person.business_id),
        "wom_person": person.public_id,
    }


def mark_of(grant: Grant) -> dict[str, str]:
    """Return the one mark that tells a grant's object from all others."""
    return {"wom_grant": grant.idempotency_key}
