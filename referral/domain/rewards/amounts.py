"""How much an offer is worth for an event: pure arithmetic on whole minor units (I-16, I-30)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from referral.foundation.money import rate


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything an amount is computed from; kept with the reward so it can be computed again.

    `base_minor` is what was really paid less tax, or nothing for a signup; `restored_minor` is
    the part a failed refund had taken, for a reward that gives just that back.
    """

    amount_minor: int | None
    rate_bp: int | None
    cap_minor: int | None
    base_minor: int
    offer_version: int
    restored_minor: int | None = None

    def as_json(self) -> dict[str, Any]:
        kept = asdict(self)
        if self.restored_minor is None:
            del kept["restored_minor"]
        return kept


def worth(inputs: Inputs) -> int:
    """Return the reward's amount in minor units; a rate rounds half even and then meets its cap."""
    if inputs.restored_minor is not None:
        return inputs.restored_minor
    if inputs.amount_minor is not None:
        return inputs.amount_minor
    amount = rate(inputs.base_minor, inputs.rate_bp or 0)
    return amount if inputs.cap_minor is None else min(amount, inputs.cap_minor)
