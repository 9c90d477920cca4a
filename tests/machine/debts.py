"""What is owed of rewards in memory: settled by later ones, standing again, or forgiven."""

from __future__ import annotations

from tests.machine.books import Books
from tests.machine.things import Reward, demand


class Debts(Books):
    """Debts of a person in a programme, the oldest first."""

    def _settle_debts(self, later: Reward, like: Reward) -> None:
        """Let an approved reward pay the debts beside it, the oldest first."""
        if later.state != "approved" or not later.way.money or not _is_beside(later, like):
            return
        for debt in self.rewards:
            is_owing = debt.state in ("granted", "reversed") and _is_beside(debt, later)
            part = min(later.payable, debt.debt) if is_owing else 0
            if part > 0:
                later.netted += part
                later.pays[debt] = later.pays.get(debt, 0) + part
                debt.settled += part
                self._commit(debt, -part)
        later.wanted = later.payable

    def _reopen(self, reward: Reward, part: int) -> None:
        """Let debts stand again that a reward paid and does not any more, the latest first."""
        reward.netted -= part
        for debt in sorted(reward.pays, key=self.rewards.index, reverse=True):
            again = min(part, reward.pays[debt])
            part -= again
            reward.pays[debt] -= again
            debt.settled -= again
            self._commit(debt, again)

    def forgive(self, reward: Reward) -> None:
        demand(reward.debt > 0, "NothingOwed")
        reward.forgiven += reward.debt

    def end(self, reward: Reward, state: str, reason: str) -> None:
        """End a reward; what it paid of debts is owed again."""
        self._commit(reward, -(reward.amount - reward.withheld))
        self._reopen(reward, reward.netted)
        reward.state, reward.reason = state, reason
        if not reward.sent:
            reward.act = None


def _is_beside(one: Reward, other: Reward) -> bool:
    return one.person == other.person and one.referral.program is other.referral.program
