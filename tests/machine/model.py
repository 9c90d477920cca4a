"""The rules once more, in memory and as plainly as can be, to compare with the real ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.machine.earning import Earning
from tests.machine.promises import Program
from tests.machine.things import Purchase, Rate, Referral, Touch


@dataclass
class Model(Earning):
    """One business: who sent whom, what that earns, and what becomes of it."""

    heard: set[tuple[object, ...]] = field(default_factory=set)

    def sign_up(
        self,
        program: Program,
        friend: str,
        touches: list[Touch],
        at: datetime,
        *,
        told_at: datetime,
    ) -> None:
        told = (id(program), friend, frozenset(one.said for one in touches))
        if told in self.heard:
            return
        self.heard.add(told)
        winner = self._winner(program, friend, touches, at)
        self.known[friend] = min(at, self.known.get(friend, at))
        self.retract(friend, told_at)
        if winner is not None:
            referral = Referral(
                program, winner.advocate, friend, winner.at, at, program.offers_on(at)
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
            if at < one.at + timedelta(days=90) and one.at <= at + timedelta(minutes=10)
            if since is None or since >= one.at
        ]
        sign = 1 if program.first_wins else -1
        worthy.sort(key=lambda one: (-one.weight, sign * one.at.timestamp()))
        return worthy[0] if worthy else None

    def _referral(self, program: Program, friend: str) -> Referral | None:
        found = (r for r in self.referrals if r.program is program and r.friend == friend)
        return next(found, None)

    def buy(self, purchase: Purchase, at: datetime) -> None:
        self.purchases.append(purchase)
        friend, since = purchase.friend, purchase.at
        self.known[friend] = min(since, self.known.get(friend, since))
        self.retract(friend, at)
        self._judge(friend, [purchase])
        self.look_at_codes_of(friend, at)

    def renewal(self, purchase: Purchase, at: datetime) -> None:
        """Hear later that a purchase was a renewal."""
        if not purchase.is_renewal:
            purchase.is_renewal = True
            self.retract(purchase.friend, at)
            self._judge(purchase.friend, [purchase])
            self.look_at_codes_of(purchase.friend, at)

    def refund(self, purchase: Purchase, at: datetime) -> None:
        """Bring everything in line with what was told of a purchase."""
        self.refunded(purchase)
        self.look_again(purchase.friend, at)

    def tell_rate(self, rate: Rate) -> None:
        """Keep a rate, and judge what waited for it."""
        self.keep_rate(rate)
        for purchase in list(self.waiting):
            if self.rate_for(purchase):
                self.waiting.remove(purchase)
                self._judge(purchase.friend, self.purchases)

    def judge_all(self, friend: str) -> None:
        """Judge all that somebody ever paid, since more is known of them."""
        self._judge(friend, self.purchases)

    def pass_time(self, at: datetime) -> None:
        self.count_due(at)
        self.ripen(at)

    def _judge(self, friend: str, purchases: list[Purchase]) -> None:
        mine = sorted((one for one in purchases if one.friend == friend), key=lambda one: one.order)
        for referral in [one for one in self.referrals if one.friend == friend]:
            for purchase in mine:
                if self.qualifies(referral, purchase) and self._earn(referral, purchase):
                    self._catch_up(purchase)

    def _catch_up(self, purchase: Purchase) -> None:
        self.refunded(purchase)
        for reward in [one for one in self.rewards if one.purchase is purchase]:
            self._hold_while_disputed(reward)
