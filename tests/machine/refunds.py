"""Refunds and disputes in memory: the share they take of everything a purchase earned."""

from __future__ import annotations

from fractions import Fraction

from tests.machine.restoring import Restoring
from tests.machine.things import Purchase, Reward


class Refunds(Restoring):
    """Each promise is brought in line with what was refunded, whatever came first."""

    def refunded(self, purchase: Purchase) -> None:
        """Take the refunded share back of everything a purchase earned, and no more than that."""
        for first in [one for one in self.rewards if one.purchase is purchase]:
            if not first.superseded and not first.number:
                self._bring_in_line(first, purchase)

    def _bring_in_line(self, first: Reward, purchase: Purchase) -> None:
        promise = self._promise(first)
        if not first.amount:
            self._follow(promise, purchase)
            return
        right = first.amount - share(first.amount, purchase, first.offer.unit)
        more = sum(one.kept for one in promise if one.is_live) - right
        less = right - sum(one.kept + one.forgiven for one in promise)
        for reward in reversed(promise):
            if more > 0 and reward.is_live:
                part = min(more, reward.kept)
                more -= part
                self._claw(reward, part)
        if less > 0:
            self._restore(promise, less)

    def _follow(self, promise: list[Reward], purchase: Purchase) -> None:
        """What has no amount goes with the whole purchase, but for thanks that were said."""
        latest = promise[-1]
        if latest.state == "granted":
            self._take_what_is_due(latest)
        elif purchase.went_back:
            if latest.is_open:
                self.end(latest, "cancelled", "refunded")
        elif latest.state in ("cancelled", "reversed"):
            self._restore(promise, 0)

    def _go_on_taking(self, reward: Reward) -> None:
        """Begin anew what has no amount, when its refund failed while it was withdrawn."""
        super()._go_on_taking(reward)
        purchase = reward.purchase
        if purchase and not reward.amount and reward.state == "reversed" and not purchase.went_back:
            self._restore(self._promise(reward), 0)

    def _promise(self, first: Reward) -> list[Reward]:
        """The reward itself, and then what gave parts of it back."""
        beside = [
            one
            for one in self.rewards
            if one.purchase is first.purchase and not one.superseded
            if one.referral is first.referral and one.offer is first.offer
        ]
        return sorted(beside, key=lambda one: one.number)

    def _claw(self, reward: Reward, part: int) -> None:
        reward.claw += part
        if not part or reward.state == "granting":
            return
        if reward.state == "granted":
            self._go_on_taking(reward)
        elif reward.claw == reward.amount:
            self.end(reward, "cancelled", "refunded")
        elif not reward.way.whole:
            self._withhold(reward)

    def _withhold(self, reward: Reward) -> None:
        more = reward.claw - reward.withheld
        self._commit(reward, -more)
        opened = self._reopen(reward, max(0, more - reward.payable))
        reward.withheld = reward.claw
        reward.wanted = reward.payable
        for debt in opened:
            self._settle_with_approved(debt)

    def dispute(self, purchase: Purchase, name: str, outcome: str) -> None:
        """Hear of a dispute; a closed one does not open again."""
        if purchase.disputes.get(name, "open") == "open":
            purchase.disputes[name] = outcome
        for reward in [one for one in self.rewards if one.purchase is purchase]:
            if purchase.disputes[name] != "open":
                if reward.holds:
                    self.wake(reward.person)
                    reward.released = self.now if name in reward.holds else reward.released
                reward.holds = [hold for hold in reward.holds if hold != name]
            elif reward.is_open and name not in reward.holds:
                reward.holds.append(name)
        self.refunded(purchase)


def share(amount: int, purchase: Purchase, unit: int = 1) -> int:
    """Say how much of an amount goes back with a purchase, in its own currency's proportion."""
    if purchase.refunded >= purchase.gross:
        return amount
    return unit * round(Fraction(amount * purchase.refunded, purchase.gross * unit))
