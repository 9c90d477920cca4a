"""What happens outside in memory, or in one go where nobody outside is asked."""

from __future__ import annotations

from datetime import datetime

from tests.machine.deciding import Deciding
from tests.machine.things import Reward, demand
from tests.machine.waiting import NOTICE


class Giving(Deciding):
    """Acts begin, have their effect, are heard of, refused, lost or answered wrongly."""

    def prepare(self, reward: Reward, at: datetime) -> None:
        """Begin an act, unless it must wait or nothing is left to take."""
        if reward.sent:
            return
        if reward.act == "take":
            self._begin_taking(reward, at)
        elif reward.netted and not reward.payable:
            if not reward.holds:
                reward.state, reward.act, reward.given = "granted", None, 0
        elif reward.kind == "choice":
            reward.waits = "person"
        else:
            self._begin_giving(reward, at)

    def _begin_giving(self, reward: Reward, at: datetime) -> None:
        purse = self.purses[reward.given_as]
        if not purse.is_known(reward.person):
            reward.waits = "person"
            self.fall_back(reward, at)
            return
        reward.waits = "other"
        if not self._gathers(reward) or not purse.can_give(reward, at) or self._is_unsure(reward):
            return
        if reward.state == "approved":
            if reward.holds:
                return
            reward.state = "granting"
        self._send(reward, reward.payable, at)

    def _begin_taking(self, reward: Reward, at: datetime) -> None:
        left = self.purses[reward.given_as].left(reward, at)
        if left is None:
            self.refuse(reward)
        elif not self._is_unsure(reward):
            self._send(reward, min(reward.wanted, left), at)

    def _send(self, reward: Reward, amount: int, at: datetime) -> None:
        reward.asked, reward.sent, reward.is_done = amount, True, False
        self.purses[reward.given_as].freeze(reward, at)
        if reward.way.ours:
            self.finish(reward, at)

    def _is_unsure(self, reward: Reward) -> bool:
        """Another act of the kind may change what this one rests on."""
        way = reward.way
        return reward.act in way.alone and any(
            other.sent and other.kind == reward.kind and other.person == reward.person
            for other in self.rewards
            if other.act in way.alone
        )

    def _gathers(self, reward: Reward) -> bool:
        """Small payouts of a person wait until together they are worth it; then all of them go."""
        least = reward.offer.payout
        if reward.kind != "cash" or least is None or reward.has_gathered:
            return True
        beside = [
            one
            for one in self.rewards
            if one.person == reward.person and one.kind == "cash" and one.act == "give"
            if one.state == "approved" and not one.sent and not one.holds
        ]
        if sum(one.payable for one in beside) < least:
            return False
        for one in beside:
            one.has_gathered = True
        return True

    def happen(self, reward: Reward, at: datetime) -> bool:
        """Let an act have its effect, once, whether or not anybody hears of it."""
        purse = self.purses[reward.given_as]
        if not reward.is_done:
            if not purse.has_enough(reward):
                return False
            reward.is_done = True
            if reward.act == "take":
                purse.take(reward)
            else:
                purse.give(reward, at)
        return True

    def finish(self, reward: Reward, at: datetime) -> None:
        """Hear that an act is done."""
        self.happen(reward, at)
        if self._settle(reward) == "take":
            self._book(reward, taken=reward.asked, owed=reward.wanted - reward.asked)
        else:
            reward.state, reward.given = "granted", reward.asked
            if reward.code:
                half = (reward.code.use_by - at) / 2
                reward.code.notice = reward.code.use_by - min(NOTICE, half)
                reward.code.look = reward.code.notice
            self._take_what_is_due(reward)

    def refuse(self, reward: Reward, reason: str = "No such customer.") -> None:
        """Nothing exists outside and nothing will: a taking stands as a debt, a reward fails."""
        if self._settle(reward) == "take":
            if reward.due:
                self._book(reward, taken=0, owed=reward.due)
        elif reward.state == "granting":
            self.end(reward, "failed", reason)

    def confirm(self, reward: Reward, refusal: str | None, at: datetime, *, by_staff: bool) -> None:
        """Hear what became of a gift of the business's own server; the first word counts."""
        is_given = refusal is None
        if reward.was_confirmed is not None:
            demand(reward.was_confirmed == is_given, "AlreadyConfirmed")
            return
        demand(reward.sent and (reward.is_accepted or not by_staff), "NotAsked")
        reward.was_confirmed = is_given
        if is_given:
            self.finish(reward, at)
        else:
            said = "It was not given" if by_staff else "Your server refused it"
            self.refuse(reward, f"{said}: {refusal}")

    @staticmethod
    def _settle(reward: Reward) -> str | None:
        act, reward.act, reward.sent = reward.act, None, False
        reward.tries += 1
        return act

    def lose(self, reward: Reward) -> None:
        """A look-up finds nothing of the act, so it is tried anew with what was asked."""
        reward.sent, reward.wanted, reward.tries = False, reward.asked, reward.tries + 1

    def mistake(self, reward: Reward) -> None:
        """The answer is not what was asked for: somebody must look."""
        cause = f"answer {reward.tries}"
        if cause not in reward.holds:
            reward.holds.append(cause)

    def come_back(self, reward: Reward) -> None:
        """What was given failed at the bank: nobody ever had it, so it begins anew on hold."""
        reward.owed -= reward.debt
        left = reward.payable - reward.debited - reward.owed
        reward.claw, reward.reason = reward.amount, "came_back"
        self.payments.back[reward.customer] -= reward.given
        self._book(reward, taken=left, owed=0)
        if self.is_old(reward.referral):
            return
        fresh = self._take_its_place(reward)
        if fresh.state == "pending":
            fresh.holds.append("staff")
