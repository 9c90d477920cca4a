"""The rules once more, in memory and as plainly as can be, to compare with the real ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.machine.books import Books
from tests.machine.things import Offer, Program, Purchase, Referral, Reward, Touch


@dataclass
class Model(Books):
    """One business: who sent whom, what that earns, and what becomes of it."""

    referrals: list[Referral] = field(default_factory=list)
    heard: set[tuple[object, ...]] = field(default_factory=set)

    def sign_up(self, program: Program, friend: str, touches: list[Touch], at: datetime) -> None:
        told = (id(program), friend, frozenset(one.said for one in touches))
        if told in self.heard:
            return
        self.heard.add(told)
        winner = self._winner(program, friend, touches, at)
        self.known[friend] = min(at, self.known.get(friend, at))
        if winner is not None:
            referral = Referral(
                program, winner.advocate, friend, winner.at, at, dict(program.offers)
            )
            self.referrals.append(referral)
            self._earn(referral, None)
            self._judge(friend, self.purchases)

    def _winner(
        self, program: Program, friend: str, touches: Iterable[Touch], at: datetime
    ) -> Touch | None:
        if program.state != "active" or self._referral(program, friend) is not None:
            return None
        since = self.known.get(friend)
        worthy = [
            one
            for one in touches
            if one.program is program and one.advocate != friend
            if at < one.at + timedelta(days=90) and (since is None or since >= one.at)
        ]
        sign = 1 if program.first_wins else -1
        worthy.sort(key=lambda one: (-one.weight, sign * one.at.timestamp()))
        return worthy[0] if worthy else None

    def _referral(self, program: Program, friend: str) -> Referral | None:
        found = (r for r in self.referrals if r.program is program and r.friend == friend)
        return next(found, None)

    def buy(self, purchase: Purchase) -> None:
        self.purchases.append(purchase)
        friend, at = purchase.friend, purchase.at
        self.known[friend] = min(at, self.known.get(friend, at))
        for reward in self.rewards:
            is_his = reward.referral.friend == friend and self.is_old(reward.referral)
            if is_his and reward.state in ("pending", "approved"):
                self.end(reward, "cancelled", "existing_customer")
        self._judge(friend, [purchase])

    def _judge(self, friend: str, purchases: list[Purchase]) -> None:
        mine = sorted((one for one in purchases if one.friend == friend), key=lambda one: one.at)
        for referral in [one for one in self.referrals if one.friend == friend]:
            for purchase in mine:
                if self._qualifies(referral, purchase) and self._earn(referral, purchase):
                    self._catch_up(purchase)

    def _catch_up(self, purchase: Purchase) -> None:
        self.refunded(purchase)
        for reward in [one for one in self.rewards if one.purchase is purchase]:
            self._hold_while_disputed(reward)

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
