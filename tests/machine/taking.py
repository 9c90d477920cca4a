"""Taking back in memory what was given: outside, or else as a debt; and credit that ends."""

from __future__ import annotations

from datetime import datetime

from tests.machine.debts import Debts
from tests.machine.things import Reward, demand


class Taking(Debts):
    """What is due of a reward that was given, and where it is taken from."""

    def _go_on_taking(self, reward: Reward) -> None:
        if reward.claw == reward.amount and reward.due == 0:
            reward.state, reward.reason = "reversed", reward.reason or "refunded"
        elif reward.due > 0 and reward.act is None:
            self._take(reward)

    def _take(self, reward: Reward) -> None:
        held = reward.payable - reward.debited
        can_go = reward.way.returns and (not reward.way.undivided or self._gather(reward))
        if not can_go or held <= 0:
            self._book(reward, taken=0, owed=reward.due)
        else:
            reward.act, reward.wanted, reward.sent = "take", min(reward.due, held), False

    def _take_what_is_due(self, reward: Reward) -> None:
        """Take what is due; what has no amount is withdrawn while its whole purchase went back."""
        if reward.amount:
            if reward.due > 0:
                self._take(reward)
        elif reward.way.returns and reward.purchase and reward.reason is None:
            if reward.purchase.went_back and reward.act is None:
                reward.act, reward.wanted, reward.sent = "take", 0, False
            elif not reward.purchase.went_back and not reward.sent:
                reward.act = None

    @staticmethod
    def _gather(reward: Reward) -> bool:
        """Have what stands as a debt be taken after all, once all of it is to go."""
        is_all = reward.claw == reward.amount and reward.debt == reward.owed
        reward.owed = 0 if is_all else reward.owed
        return is_all

    def _book(self, reward: Reward, *, taken: int, owed: int) -> None:
        reward.debited, reward.owed = reward.debited + taken, reward.owed + owed
        self._commit(reward, -taken)
        self._go_on_taking(reward)
        if owed:
            self._settle_with_approved(reward)

    def take_back(self, reward: Reward, by: str) -> None:
        """Take all that is left of a reward; what cannot be taken stands as a debt."""
        is_given = reward.state == "granted" and reward.reason is None and not reward.act
        demand(is_given, "RewardMoved")
        reward.claw, reward.reason = reward.amount, "No."
        if reward.due:
            self._take(reward)
        elif reward.way.returns:
            reward.act, reward.wanted = "take", 0

    @staticmethod
    def _plan_no_more(reward: Reward) -> None:
        """Take no more than what is due, and nothing when nothing is."""
        if reward.act == "take" and not reward.sent:
            reward.wanted = min(reward.wanted, reward.due)
            reward.act = "take" if reward.due else None

    def _expire(self, reward: Reward, amount: int) -> None:
        """What was not spent in time goes back to the budget; the reward stays given."""
        self.lots.of[reward].left -= amount
        self.end_unused(reward, amount)
        if reward.claw and reward.is_live:
            self._plan_no_more(reward)
            self._go_on_taking(reward)

    def end_unused(self, reward: Reward, amount: int) -> None:
        """Have what ended unused go back, as far as it is the reward's own money still."""
        own = reward.amount - reward.withheld - reward.debited - reward.owed - reward.expired
        self._commit(reward, -min(amount, own))
        reward.expired += min(amount, own)

    def cancel_order(self, number: int, at: datetime) -> None:
        """Give back what was spent: debts of its reward first, and what has ended ends again."""
        if number in self.lots.cancelled:
            return
        self.lots.cancelled.add(number)
        for lot, amount in self.lots.orders[number]:
            reward, lot.left = lot.reward, lot.left + amount
            debt = min(amount, reward.debt)
            lot.left -= debt
            reward.owed, reward.debited = reward.owed - debt, reward.debited + debt
            self._commit(reward, -debt)
            if lot.has_ended(at) and lot.left:
                self._expire(reward, lot.left)
