"""Giving back in memory what refunds took that failed, and what takes another reward's place."""

from __future__ import annotations

from tests.machine.promises import WAYS
from tests.machine.taking import Taking
from tests.machine.things import Reward


class Restoring(Taking):
    """What can still change is undone where it stands; the rest begins anew beside it."""

    def _restore(self, promise: list[Reward], amount: int) -> None:
        first = promise[0]
        is_refunded = (first.state, first.reason) == ("cancelled", "refunded")
        if not is_refunded and not (first.is_live or first.state == "reversed"):
            return
        if any(one.was_taken_by_staff for one in promise):
            return
        left = amount
        for reward in promise:
            left -= self._undo(reward, left)
        left -= self._leave_expired(promise, left)
        if (left or not first.amount) and not self.is_old(first.referral):
            self._begin_anew(promise, left)

    def _undo(self, reward: Reward, most: int) -> int:
        if reward.is_open:
            part = self._unplan(reward, most)
            return part + self._promise_again(reward, min(most - part, reward.withheld))
        if reward.state not in ("granting", "granted"):
            return 0
        part = self._unplan(reward, most)
        debt = min(most - part, reward.debt)
        reward.claw, reward.owed = reward.claw - debt, reward.owed - debt
        return part + debt

    def _unplan(self, reward: Reward, most: int) -> int:
        coming = reward.wanted if reward.act == "take" and reward.sent else 0
        part = min(most, reward.due - coming)
        reward.claw -= part
        self._plan_no_more(reward)
        return part

    def _promise_again(self, reward: Reward, part: int) -> int:
        if not part or self._refused(reward, part):
            return 0
        self._commit(reward, part)
        reward.claw, reward.withheld = reward.claw - part, reward.withheld - part
        reward.wanted = reward.payable
        self._settle_debts(reward)
        return part

    @staticmethod
    def _leave_expired(promise: list[Reward], amount: int) -> int:
        """What ended unused is not given back: without the refund it would have ended too."""
        taken = sum(one.claw - one.expired_back for one in promise)
        anew = sum(one.amount for one in promise[1:])
        expired = left = max(0, amount - max(0, taken - anew))
        for reward in promise:
            part = min(left, reward.expired_back)
            left, reward.claw = left - part, reward.claw - part
        return expired - left

    def _begin_anew(self, promise: list[Reward], back: int) -> None:
        """Begin the part anew, or all of what comes whole and is with nobody, the rest due back."""
        first, amount = promise[0], back
        if WAYS[first.offer.kind].whole and not any(_is_with_them(one) for one in promise):
            amount = first.amount
        fresh = self._successor(first, amount, number=len(promise))
        if fresh.state == "pending":
            fresh.claw = amount - back
            fresh.holds = [hold for hold in first.holds if hold == "staff"]
        self._hold_while_disputed(fresh)

    def _successor(self, first: Reward, amount: int, *, number: int) -> Reward:
        fresh = Reward(
            first.referral,
            first.offer,
            first.person,
            first.purchase,
            amount,
            first.ready,
            first.earned,
            needed=first.needed,
            number=number,
            household=first.household,
            day=first.day,
            place=first.place,
            rate=first.rate,
        )
        self.rewards.append(fresh)
        self.reserve(fresh)
        return fresh

    @staticmethod
    def _hold_while_disputed(reward: Reward) -> None:
        for name, outcome in (reward.purchase.disputes if reward.purchase else {}).items():
            if outcome == "open" and reward.is_open and name not in reward.holds:
                reward.holds.append(name)


def _is_with_them(reward: Reward) -> bool:
    if reward.state == "reversed":
        return reward.debited < reward.payable
    return reward.state in ("granting", "granted")
