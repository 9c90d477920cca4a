"""From a signup or a purchase to rewards, in memory."""

from __future__ import annotations

from tests.machine.friends import Friends
from tests.machine.promises import Offer
from tests.machine.things import Purchase, Referral, Reward

NOTHING_GIVEN = ("refunded", "budget_reached", "cap_reached", "day_cap_reached",
                 "month_cap_reached", "household_cap_reached")  # fmt: skip


class Earning(Friends):
    """What both sides are promised for what qualifies, once or so many times."""

    def _earn(self, referral: Referral, purchase: Purchase | None) -> bool:
        offers = [referral.offers[side] for side in ("advocate", "friend")]
        if purchase is None:
            made = [self._earn_once(referral, one) for one in offers if one.trigger == "signup"]
        else:
            made = [self._earn_side(referral, one, purchase) for one in offers]
        return any(made)

    def _earn_side(self, referral: Referral, offer: Offer, purchase: Purchase) -> bool:
        if offer.trigger == "signup" or (offer.trigger == "renewal" and not purchase.is_renewal):
            return False
        base = self.worth_of(purchase.gross - purchase.tax, purchase)
        if base is None and purchase not in self.waiting:
            self.waiting.append(purchase)
        if base is None or not self.suffices(offer, base):
            return False
        if offer.is_milestone:
            self.expect(referral, purchase.at + referral.program.hold)
            return False
        place = self.place_of(referral) if offer.steps else None
        is_worthless = offer.worth(base, place) <= 0 and not offer.is_share_off
        if is_worthless and offer.kind != "recognition":
            return False
        return self._earn_once(referral, offer, purchase, offer.worth(base, place))

    def _earn_once(
        self,
        referral: Referral,
        offer: Offer,
        purchase: Purchase | None = None,
        amount: int | None = None,
    ) -> bool:
        standing = [
            one
            for one in self.rewards
            if one.referral is referral and one.offer is offer
            if not one.superseded and not one.number
        ]
        holds: list[str] = []
        if not self._has_room(offer, purchase, standing):
            last = max(standing, key=lambda one: one.purchase.order if one.purchase else ())
            if not purchase or not self._gives_way(last, purchase, standing):
                return False
            holds = [hold for hold in last.holds if hold == "staff"]
            self._supersede(last)
        self._begin(referral, offer, purchase, offer.worth(0) if amount is None else amount, holds)
        return True

    @staticmethod
    def _has_room(offer: Offer, purchase: Purchase | None, standing: list[Reward]) -> bool:
        if not offer.is_repeated:
            return not standing
        is_new = all(one.purchase is not purchase for one in standing)
        return is_new and (offer.times is None or len(standing) < offer.times)

    def _gives_way(self, last: Reward, purchase: Purchase, standing: list[Reward]) -> bool:
        """Tell whether the last of those that stand leaves its turn to an earlier purchase."""
        if last.purchase is None or any(one.purchase is purchase for one in standing):
            return False
        if purchase.order >= last.purchase.order:
            return False
        return all(
            one.is_open or (one.state == "cancelled" and one.reason in NOTHING_GIVEN)
            for one in self._promise(last)
        )

    def _supersede(self, first: Reward) -> None:
        for one in self._promise(first):
            if one.is_open:
                self.end(one, "cancelled", "earlier_purchase")
            one.superseded = True

    def _begin(
        self,
        referral: Referral,
        offer: Offer,
        purchase: Purchase | None,
        amount: int,
        holds: list[str],
    ) -> None:
        begun = purchase.at if purchase else referral.at
        ready = begun + referral.program.hold if purchase else begun
        person = referral.person(offer.side)
        reward = Reward(referral, offer, person, purchase, amount, ready, begun, holds=holds)
        if purchase and purchase.currency != self.home:
            reward.rate = self.rate_for(purchase)
        self.begin(reward)
