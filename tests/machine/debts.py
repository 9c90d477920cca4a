"""What is owed of rewards in memory: settled by later ones, standing again, or forgiven."""

from __future__ import annotations

from tests.machine.books import Books
from tests.machine.things import Reward, demand


class Debts(Books):
    """Debts of a person in a program, the oldest first."""

    def _settle_with_approved(self, debt: Reward) -> None:
        """Let what is money, approved and not sent yet pay a debt that came."""
        for later in self.rewards:
            if later.way.money and _is_beside(later, debt):
                self._settle_debts(later)

    def _settle_debts(self, later: Reward) -> None:
        """Let an approved reward pay the debts beside it, the oldest first.

        What is not money pays only what its own promise owes, and only as a part given back.
        """
        if later.state != "approved" or not (later.way.money or later.number):
            return
        for debt in self.rewards:
            is_owing = debt.state in ("granted", "reversed") and _is_beside(debt, later)
            is_owing = is_owing and (later.way.money or _is_of_one_promise(debt, later))
            part = min(later.payable, debt.debt) if is_owing else 0
            if part > 0:
                later.netted += part
                later.pays[debt] = later.pays.get(debt, 0) + part
                debt.settled += part
                self._commit(debt, -part)
        later.wanted = later.payable

    def _reopen(self, reward: Reward, part: int) -> list[Reward]:
        """Let debts stand again that a reward paid and does not any more, the latest first."""
        reward.netted -= part
        opened = []
        for debt in sorted(reward.pays, key=self.rewards.index, reverse=True):
            again = min(part, reward.pays[debt])
            part -= again
            reward.pays[debt] -= again
            debt.settled -= again
            self._commit(debt, again)
            opened += [debt] if again else []
        return opened

    def forgive(self, reward: Reward, by: str) -> None:
        demand(by != reward.person, "OwnReward")
        demand(reward.debt > 0, "NothingOwed")
        reward.forgiven += reward.debt

    def end(self, reward: Reward, state: str, reason: str) -> None:
        """End a reward; what it paid of debts is owed again."""
        self._commit(reward, -(reward.amount - reward.withheld))
        opened = self._reopen(reward, reward.netted)
        reward.state, reward.reason = state, reason
        if not reward.sent:
            reward.act = None
        for debt in opened:
            self._settle_with_approved(debt)


def _is_beside(one: Reward, other: Reward) -> bool:
    return one.person == other.person and one.referral.program is other.referral.program


def _is_of_one_promise(one: Reward, other: Reward) -> bool:
    return one.offer is other.offer and one.purchase is other.purchase
