"""Which of an advocate's friends somebody is, in memory: places, and milestones made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.machine.currencies import Currencies
from tests.machine.promises import Offer
from tests.machine.refunds import share
from tests.machine.things import Purchase, Referral, Reward

GIVEN = ("granting", "granted", "reversed")


@dataclass
class Friends(Currencies):
    """Friends in the order they first qualified, or in which the hold of what they paid passed."""

    bought: list[Referral] = field(default_factory=list)

    def place_of(self, referral: Referral) -> int:
        """Say a friend's place, the lowest that is free when it is asked for first."""
        self._note(referral)
        if referral.place is None:
            taken = {one.place for one in self._beside(referral)}
            free = (place for place in range(1, len(taken) + 2) if place not in taken)
            referral.place = next(free)
        return referral.place

    def expect(self, referral: Referral, due: datetime) -> None:
        """Have a friend counted for a milestone; what they pay later delays nothing."""
        self._note(referral)
        if referral.place is None:
            referral.due = min(due, referral.due or due)

    def look_again(self, friend: str, at: datetime) -> None:
        """Have a friend who does not count yet looked at, since their money has changed."""
        for referral in self.bought:
            if referral.friend == friend and referral.place is None and referral.due is None:
                referral.due = at

    def count_due(self, at: datetime) -> None:
        """Count every friend whose time has come."""
        due = [(one.due, one) for one in self.bought if one.due is not None and one.due <= at]
        for _, referral in sorted(due, key=lambda pair: pair[0]):
            self._count(referral, at)

    def _count(self, referral: Referral, at: datetime) -> None:
        offer, referral.due = referral.offers["advocate"], None
        if referral.place is not None or not offer.is_milestone:
            return
        standing = [
            at + timedelta(days=1) if one.is_disputed else one.at + referral.program.hold
            for one in self.purchases
            if one.friend == referral.friend and self._stands(referral, offer, one)
        ]
        if standing and min(standing) > at:
            referral.due = min(standing)
        elif standing and offer.reaches(self.place_of(referral)):
            self._reach(referral, offer, at)

    def _stands(self, referral: Referral, offer: Offer, purchase: Purchase) -> bool:
        """Tell whether what was kept of a purchase still qualifies."""
        base = purchase.gross - purchase.tax
        kept = self.worth_of(base - share(base, purchase), purchase)
        return self.qualifies(referral, purchase) and bool(kept) and self.suffices(offer, kept)

    def qualifies(self, referral: Referral, purchase: Purchase) -> bool:
        window = referral.touched <= purchase.at < referral.at + timedelta(days=180)
        return window and not self.is_old(referral) and purchase.gross > purchase.tax

    @staticmethod
    def suffices(offer: Offer, base: int | None) -> bool:
        """Tell whether a base is enough for an offer, and gives anything."""
        if base is None or base < offer.minimum:
            return False
        return offer.kind == "recognition" or (base > 0 and offer.best(base) > 0)

    def _reach(self, referral: Referral, offer: Offer, at: datetime) -> None:
        self.begin(Reward(referral, offer, referral.advocate, None, offer.worth(0), at, at))

    def begin(self, reward: Reward) -> None:
        """Begin a reward as its program, its person's household and their place are now."""
        if reward.offer.kind != "discount" or reward.offer.trigger != "signup":
            reward.needed = reward.referral.program.approvals_for(reward.amount)
        reward.day = self.day_of(reward.earned)
        reward.household = self.households.get(reward.person, reward.person)
        is_counted = reward.offer.steps or reward.offer.is_milestone
        reward.place = reward.referral.place if is_counted else None
        self.rewards.append(reward)
        self.reserve(reward)

    def retract(self, friend: str, at: datetime) -> None:
        """End what somebody earned others who was a customer before, and give their place back."""
        for referral in [one for one in self.referrals if one.friend == friend]:
            if self.is_old(referral):
                self._end_open(referral)
                self._give_place_back(referral, at)

    def _give_place_back(self, referral: Referral, at: datetime) -> None:
        mine = [one for one in self.rewards if one.referral is referral]
        if any(one.state in GIVEN and one.offer.side == "advocate" for one in mine):
            return
        place, referral.place, referral.due = referral.place, None, None
        if place is None:
            return
        for reward in mine:
            reward.superseded = reward.superseded or reward.offer.is_milestone
        for above in sorted(self._beside(referral), key=lambda one: one.place or 0):
            if (above.place or 0) > place and self._end_open(above, only_milestones=True):
                above.place, above.due = None, at

    def _end_open(self, referral: Referral, *, only_milestones: bool = False) -> bool:
        found = [
            one
            for one in self.rewards
            if one.referral is referral and one.is_open and not one.superseded
            if one.offer.is_milestone or not only_milestones
        ]
        for reward in found:
            self.end(reward, "cancelled", "existing_customer")
            reward.superseded = reward.offer.is_milestone
        return bool(found)

    def _beside(self, referral: Referral) -> list[Referral]:
        return [
            one
            for one in self.referrals
            if one.program is referral.program and one.advocate == referral.advocate
            if one.place is not None
        ]

    def _note(self, referral: Referral) -> None:
        if referral not in self.bought:
            self.bought.append(referral)
