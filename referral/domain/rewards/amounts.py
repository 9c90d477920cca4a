"""How much an offer is worth for an event: pure arithmetic on whole minor units (I-16, I-30)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from referral.domain.currencies import Conversion
from referral.domain.programs import Offer, Trigger
from referral.domain.programs.steps import step_at
from referral.foundation.money import rate, step_minor

_ALWAYS_KEPT = ("amount_minor", "rate_bp", "cap_minor", "base_minor", "offer_version")


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything an amount is computed from; kept with the reward so it can be computed again.

    `base_minor` is what was really paid less tax, in the offer's currency, or nothing where no one
    purchase earns it; `conversion` is how it came into that currency. `place` is which of the
    advocate's friends this one is, where that matters. `step_minor` is what the amount is a
    multiple of. `restored_minor` is the part a failed refund had taken, for a reward that gives
    just that back.
    """

    amount_minor: int | None
    rate_bp: int | None
    cap_minor: int | None
    base_minor: int
    offer_version: int
    restored_minor: int | None = None
    step_minor: int = 1
    place: int | None = None
    conversion: Conversion | None = None

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Inputs:
        """Read them back as they are kept."""
        told = kept.get("conversion")
        return cls(**{**kept, "conversion": Conversion.read(told) if told else None})

    def as_json(self) -> dict[str, Any]:
        """Return them as they are kept: what does not matter for this reward is left out."""
        kept: dict[str, Any] = {name: getattr(self, name) for name in _ALWAYS_KEPT}
        if self.restored_minor is not None:
            kept["restored_minor"] = self.restored_minor
        if self.step_minor > 1:
            kept["step_minor"] = self.step_minor
        if self.place is not None:
            kept["place"] = self.place
        if self.conversion is not None:
            kept["conversion"] = self.conversion.as_json()
        return kept


def inputs_of(
    offer: Offer,
    base_minor: int = 0,
    *,
    place: int | None = None,
    conversion: Conversion | None = None,
) -> Inputs:
    """Return what an offer's amount is computed from, for a base in the offer's own currency.

    An offer with steps gives what its step for the friend's `place` says.
    """
    amount_minor, rate_bp = offer.amount_minor, offer.rate_bp
    if place is not None and offer.trigger != Trigger.MILESTONE:
        step = step_at(offer.tiers, place)
        amount_minor, rate_bp = step.amount_minor, step.rate_bp
    return Inputs(
        amount_minor=amount_minor,
        rate_bp=rate_bp,
        cap_minor=offer.cap_minor,
        base_minor=base_minor,
        offer_version=offer.version,
        step_minor=step_minor(offer.currency),
        place=place,
        conversion=conversion,
    )


def worth(inputs: Inputs) -> int:
    """Return the reward's amount in minor units; a rate rounds half even and then meets its cap."""
    if inputs.restored_minor is not None:
        return inputs.restored_minor
    if inputs.amount_minor is not None:
        return inputs.amount_minor
    amount = rate(inputs.base_minor, inputs.rate_bp or 0, step=inputs.step_minor)
    return amount if inputs.cap_minor is None else min(amount, inputs.cap_minor)


def worth_now(offer: Offer, inputs: Inputs) -> int:
    """Return what a reward of an offer is booked at: nothing for a share off an order to come."""
    return 0 if offer.gives_share_off else worth(inputs)
