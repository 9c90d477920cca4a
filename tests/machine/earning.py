"""From a signup or a purchase to rewards, in memory."""

from __future__ import annotations

from datetime import timedelta

from tests.machine.giving import Giving
from tests.machine.things import Offer, Purchase, Referral, Reward


class Earning(Giving):
    """What qualifies, and what both sides are promised for it."""

    def _qualifies(self, referral: Referral, purchase: Purchase) -> bool:
        window = referral.touched <= purchase.at < referral.at + timedelta(days=180)
        return window and not self.is_old(referral) and purchase.gross > purchase.tax

    def _earn(self, referral: Referral, purchase: Purchase | None) -> bool:
        made = [
            self._earn_side(referral, referral.offers[side], purchase)
            for side in ("advocate", "friend")
            if (referral.offers[side].trigger == "signup") == (purchase is None)
        ]
        return any(made)

    def _earn_side(self, referral: Referral, offer: Offer, purchase: Purchase | None) -> bool:
        base = purchase.gross - purchase.tax if purchase else 0
        amount, holds = offer.worth(base), list[str]()
        is_nothing = amount <= 0 and offer.kind != "recognition"
        if purchase and (base < offer.minimum or is_nothing):
            return False
        for standing in self.rewards:
            if standing.referral is not referral or standing.offer is not offer:
                continue
            other = offer.trigger == "purchase" and standing.purchase is not purchase
            if standing.superseded or standing.number or other:
                continue
            if not self._gives_way(standing, purchase):
                return False
            holds = [hold for hold in standing.holds if hold == "staff"]
            self.end(standing, "cancelled", "earlier_purchase")
            standing.superseded = True
        begun = purchase.at if purchase else referral.at
        wait = referral.program.hold if purchase else timedelta(0)
        person = referral.person(offer.side)
        reward = Reward(referral, offer, person, purchase, amount, begun + wait, begun, holds=holds)
        if offer.kind != "discount":
            reward.needed = referral.program.approvals_for(amount)
        self.rewards.append(reward)
        self.reserve(reward)
        return True

    @staticmethod
    def _gives_way(standing: Reward, purchase: Purchase | None) -> bool:
        if standing.offer.trigger != "first_purchase" or not (purchase and standing.purchase):
            return False
        return purchase.at < standing.purchase.at and standing.state in ("pending", "approved")
