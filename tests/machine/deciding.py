"""What staff, time and its person decide about a reward, in memory."""

from __future__ import annotations

from datetime import datetime

from tests.machine.promises import WAYS
from tests.machine.things import Reward, demand
from tests.machine.waiting import Waiting, has_mail


class Deciding(Waiting):
    """Each decision is possible or refused by the name the real one has."""

    def hold(self, reward: Reward, by: str) -> None:
        demand(reward.is_open, "RewardMoved")
        reward.holds.append("staff")

    def release(self, reward: Reward, by: str) -> None:
        demand(by != reward.person, "OwnReward")
        demand(bool(reward.holds), "NothingHeld")
        reward.holds, reward.released = [], self.now
        self.wake(reward.person)

    def approve(self, reward: Reward, by: str) -> None:
        demand(reward.state == "pending", "RewardMoved")
        demand(not reward.holds, "RewardHeld")
        demand(by != reward.person, "OwnReward")
        demand(by not in reward.agreed, "SecondPersonNeeded")
        reward.agreed.append(by)
        if len(reward.agreed) >= reward.needed:
            self._approved(reward)

    def _approved(self, reward: Reward) -> None:
        reward.state, reward.act, reward.wanted = "approved", "give", reward.payable
        reward.approved, reward.waits = self.now, ""
        self.begin_to_expire(reward)
        self._settle_debts(reward)

    def ripen(self, at: datetime) -> None:
        for reward in self.rewards:
            is_free = reward.state == "pending" and not reward.holds and reward.ready <= at
            if is_free and not reward.needed:
                self._approved(reward)
            self.see_to_expiry(reward, at)
            self.see_to_code(reward, at)
        for lot in self.lots.of.values():
            if lot.has_ended(at) and lot.left:
                self._expire(lot.reward, lot.left)
            elif lot.is_to_be_told(at):
                lot.is_told = True
                self.notices["credit_expires"] += bool(lot.left and has_mail(lot.reward.person))

    def deny(self, reward: Reward, by: str) -> None:
        demand(reward.is_open, "RewardMoved")
        self.end(reward, "denied", "No.")

    def reissue(self, reward: Reward, by: str) -> None:
        """Let a reward that failed begin anew, less what was refunded meanwhile."""
        demand(by != reward.person, "OwnReward")
        demand(reward.state == "failed", "RewardMoved")
        demand(not self.is_old(reward.referral), "NotOwed")
        self._take_its_place(reward)

    def _take_its_place(self, reward: Reward) -> Reward:
        reward.superseded = True
        fresh = self._successor(reward, reward.amount, number=reward.number)
        if reward.purchase:
            self.refunded(reward.purchase)
        self._hold_while_disputed(fresh)
        return fresh

    def choose(self, reward: Reward, kind: str) -> None:
        """Choose how a reward is given, until it is on its way or was made smaller."""
        is_choice = reward.offer.kind == "choice"
        is_settled = reward.kind != "choice" and reward.claw > 0
        may = reward.kind == "charity" or (is_choice and not is_settled)
        demand(reward.is_open and may, "RewardMoved")
        options = [
            one
            for one in reward.offer.choices
            if not is_settled and not (WAYS[one].whole and (reward.withheld or reward.netted))
        ]
        demand(kind in (options or ["charity"]), "Invalid")
        if kind != reward.kind:
            reward.kind, reward.has_gathered = kind, False
        reward.waits = ""
