"""What becomes of rewards, in memory: given, taken back, owed, settled and forgiven."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from tests.machine.purses import (
    Accounts,
    Codes,
    Credit,
    Donations,
    Gifts,
    Lots,
    Payments,
    Periods,
    Purse,
)
from tests.machine.things import WAYS, Program, Purchase, Referral, Refused, Reward


@dataclass
class Books:
    """One business: its programmes, what people paid, and every reward in the order it was made."""

    start: datetime
    programs: list[Program] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    rewards: list[Reward] = field(default_factory=list)
    known: dict[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.credit, self.codes, self.periods = Credit(), Codes(), Periods(self.start)
        self.payments, self.gifts, self.donations = Payments(), Gifts(), Donations()
        self.accounts, self.lots = Accounts(), Lots()
        self.purses: dict[str, Purse] = {
            "account_credit": self.credit,
            "discount": self.codes,
            "recognition": Purse(),
            "free_period": self.periods,
            "refund": self.payments,
            "gift": self.gifts,
            "charity": self.donations,
            "cash": self.accounts,
            "store_credit": self.lots,
        }

    # Limits, and what ends a reward before it is given.

    def reserve(self, reward: Reward) -> None:
        refused = self._refused(reward, reward.amount)
        if refused:
            reward.state, reward.reason, reward.holds = "cancelled", refused, []
        else:
            self._commit(reward, reward.amount)

    @staticmethod
    def _refused(reward: Reward, amount: int) -> str | None:
        program = reward.referral.program
        if program.budget is not None and program.committed + amount > program.budget:
            return "budget_reached"
        for count, cap, reason in reward.counts if amount else []:
            if cap is not None and program.taken[count] + amount > cap:
                return reason
        return None

    @staticmethod
    def _commit(reward: Reward, amount: int) -> None:
        reward.referral.program.committed += amount
        for count, _, _ in reward.counts:
            reward.referral.program.taken[count] += amount

    def end(self, reward: Reward, state: str, reason: str) -> None:
        """End a reward; what it paid of debts is owed again."""
        self._commit(reward, -(reward.amount - reward.withheld))
        self._reopen(reward, reward.netted)
        reward.state, reward.reason = state, reason
        if not reward.sent:
            reward.act = None

    def is_old(self, referral: Referral) -> bool:
        return self.known[referral.friend] < min(referral.touched, referral.at)

    # What refunds take, and what failed refunds give back.

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
        taken = round(Fraction(first.amount * purchase.refunded, purchase.gross))
        more = sum(one.amount - one.claw for one in promise) - (first.amount - taken)
        for reward in reversed(promise):
            if more > 0 and reward.is_live:
                part = min(more, reward.amount - reward.claw)
                more -= part
                self._claw(reward, part)
        if more < 0:
            self._restore(promise, -more)

    def _follow(self, promise: list[Reward], purchase: Purchase) -> None:
        """Thanks go with the whole purchase, unless they were said."""
        latest = promise[-1]
        if purchase.refunded < purchase.gross:
            if latest.state == "cancelled":
                self._restore(promise, 0)
        elif latest.is_open:
            self.end(latest, "cancelled", "refunded")

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
        self._reopen(reward, max(0, more - reward.payable))
        reward.withheld = reward.claw
        reward.wanted = reward.payable

    def _restore(self, promise: list[Reward], amount: int) -> None:
        first = promise[0]
        is_refunded = (first.state, first.reason) == ("cancelled", "refunded")
        if is_refunded and self.is_old(first.referral):
            return
        if not is_refunded and not (first.is_live or first.state == "reversed"):
            return
        if any(one.was_taken_by_staff for one in promise):
            return
        left = amount
        for reward in promise:
            left -= self._undo(reward, left)
        left -= self._leave_expired(promise, left)
        if left or not first.amount:
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

    @staticmethod
    def _plan_no_more(reward: Reward) -> None:
        """Take no more than what is due, and nothing when nothing is."""
        if reward.act == "take" and not reward.sent:
            reward.wanted = min(reward.wanted, reward.due)
            reward.act = "take" if reward.due else None

    def _promise_again(self, reward: Reward, part: int) -> int:
        if not part or self._refused(reward, part):
            return 0
        self._commit(reward, part)
        reward.claw, reward.withheld = reward.claw - part, reward.withheld - part
        reward.wanted = reward.payable
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

    def _begin_anew(self, promise: list[Reward], amount: int) -> None:
        first = promise[0]
        fresh = self._successor(first, amount, number=len(promise))
        if fresh.state == "pending":
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
        )
        self.rewards.append(fresh)
        self.reserve(fresh)
        return fresh

    @staticmethod
    def _hold_while_disputed(reward: Reward) -> None:
        for name, outcome in (reward.purchase.disputes if reward.purchase else {}).items():
            if outcome == "open" and reward.is_open and name not in reward.holds:
                reward.holds.append(name)

    def dispute(self, purchase: Purchase, name: str, outcome: str) -> None:
        """Hear of a dispute; a closed one does not open again."""
        if purchase.disputes.get(name, "open") == "open":
            purchase.disputes[name] = outcome
        for reward in [one for one in self.rewards if one.purchase is purchase]:
            if purchase.disputes[name] != "open":
                reward.holds = [hold for hold in reward.holds if hold != name]
            elif reward.is_open and name not in reward.holds:
                reward.holds.append(name)
        self.refunded(purchase)

    # Taking back what was given, and debts.

    def _go_on_taking(self, reward: Reward) -> None:
        if reward.claw == reward.amount and reward.due == 0:
            reward.state, reward.reason = "reversed", reward.reason or "refunded"
        elif reward.due > 0 and reward.act is None:
            self._take(reward)

    def _take(self, reward: Reward) -> None:
        held = reward.payable - reward.debited
        if not reward.way.returns or held <= 0:
            self._book(reward, taken=0, owed=reward.due)
        else:
            reward.act, reward.wanted, reward.sent = "take", min(reward.due, held), False

    def _book(self, reward: Reward, *, taken: int, owed: int) -> None:
        reward.debited, reward.owed = reward.debited + taken, reward.owed + owed
        self._commit(reward, -taken)
        self._go_on_taking(reward)
        if owed:
            for later in self.rewards:
                self._settle_debts(later, reward)

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

    # What staff decide.

    def hold(self, reward: Reward) -> None:
        _demand(reward.is_open, "RewardMoved")
        reward.holds.append("staff")

    def release(self, reward: Reward) -> None:
        _demand(bool(reward.holds), "NothingHeld")
        reward.holds = []

    def approve(self, reward: Reward, by: str) -> None:
        _demand(reward.state == "pending", "RewardMoved")
        _demand(not reward.holds, "RewardHeld")
        _demand(by not in reward.agreed, "SecondPersonNeeded")
        reward.agreed.append(by)
        if len(reward.agreed) >= reward.needed:
            self._approved(reward)

    def _approved(self, reward: Reward) -> None:
        reward.state, reward.act, reward.wanted = "approved", "give", reward.payable
        self._settle_debts(reward, reward)

    def ripen(self, at: datetime) -> None:
        for reward in self.rewards:
            is_free = reward.state == "pending" and not reward.holds and reward.ready <= at
            if is_free and not reward.needed:
                self._approved(reward)
        for lot in self.lots.of.values():
            if lot.has_ended(at) and lot.left:
                self._expire(lot.reward, lot.left)

    def deny(self, reward: Reward) -> None:
        _demand(reward.is_open, "RewardMoved")
        self.end(reward, "denied", "No.")

    def reissue(self, reward: Reward) -> None:
        """Let a reward that failed begin anew, less what was refunded meanwhile."""
        _demand(reward.state == "failed", "RewardMoved")
        _demand(not self.is_old(reward.referral), "NotOwed")
        self._take_its_place(reward)

    def _take_its_place(self, reward: Reward) -> Reward:
        reward.superseded = True
        fresh = self._successor(reward, reward.amount, number=reward.number)
        if reward.purchase:
            self.refunded(reward.purchase)
        self._hold_while_disputed(fresh)
        return fresh

    def take_back(self, reward: Reward) -> None:
        """Take all that is left of a reward; what cannot be taken stands as a debt."""
        is_given = reward.state == "granted" and reward.reason is None and not reward.act
        _demand(is_given, "RewardMoved")
        reward.claw, reward.reason = reward.amount, "No."
        if reward.due:
            self._take(reward)
        elif reward.way.returns:
            reward.act, reward.wanted = "take", 0

    def forgive(self, reward: Reward) -> None:
        _demand(reward.debt > 0, "NothingOwed")
        reward.forgiven += reward.debt

    # What its person decides.

    def choose(self, reward: Reward, kind: str) -> None:
        """Choose how a reward is given, until it is on its way or was made smaller."""
        is_choice = reward.offer.kind == "choice"
        is_settled = reward.kind != "choice" and reward.claw > 0
        may = reward.kind == "charity" or (is_choice and not is_settled)
        _demand(reward.is_open and may, "RewardMoved")
        options = [
            one
            for one in reward.offer.choices
            if not is_settled and not (WAYS[one].whole and (reward.withheld or reward.netted))
        ]
        _demand(kind in (options or ["charity"]), "Invalid")
        if kind != reward.kind:
            reward.kind, reward.has_gathered = kind, False

    # What happens outside, or in one go where nobody outside is asked.

    def prepare(self, reward: Reward, at: datetime) -> None:
        """Begin an act, unless it must wait or nothing is left to take."""
        if reward.sent:
            return
        if reward.act == "take":
            self._begin_taking(reward, at)
        elif reward.netted and not reward.payable:
            if not reward.holds:
                reward.state, reward.act, reward.given = "granted", None, 0
        elif reward.kind != "choice":
            self._begin_giving(reward, at)

    def _begin_giving(self, reward: Reward, at: datetime) -> None:
        purse = self.purses[reward.kind]
        is_ready = purse.is_known(reward.person) and self._gathers(reward)
        if not is_ready or not purse.can_give(reward, at) or self._is_unsure(reward):
            return
        if reward.state == "approved":
            if reward.holds:
                return
            reward.state = "granting"
        self._send(reward, reward.payable, at)

    def _begin_taking(self, reward: Reward, at: datetime) -> None:
        left = self.purses[reward.kind].left(reward, at)
        if left is None:
            self.refuse(reward)
        elif not self._is_unsure(reward):
            self._send(reward, min(reward.wanted, left), at)

    def _send(self, reward: Reward, amount: int, at: datetime) -> None:
        reward.asked, reward.sent, reward.is_done = amount, True, False
        self.purses[reward.kind].freeze(reward, at)
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
        purse = self.purses[reward.kind]
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
            if reward.due > 0:
                self._take(reward)

    def refuse(self, reward: Reward) -> None:
        """Nothing exists outside and nothing will: a taking stands as a debt, a reward fails."""
        if self._settle(reward) == "take":
            if reward.due:
                self._book(reward, taken=0, owed=reward.due)
        elif reward.state == "granting":
            self.end(reward, "failed", "No such customer.")

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
        self.payments.back[reward.person] -= reward.given
        self._book(reward, taken=left, owed=0)
        fresh = self._take_its_place(reward)
        if fresh.state == "pending":
            fresh.holds.append("staff")

    # Credit that the business keeps.

    def _expire(self, reward: Reward, amount: int) -> None:
        """What was not spent in time goes back to the budget; the reward stays given."""
        self.lots.of[reward].left -= amount
        self._commit(reward, -amount)
        reward.expired += amount
        if reward.claw and reward.is_live:
            self._plan_no_more(reward)
            self._go_on_taking(reward)

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


def _is_beside(one: Reward, other: Reward) -> bool:
    return one.person == other.person and one.referral.program is other.referral.program


def _demand(holds: bool, name: str) -> None:
    if not holds:
        raise Refused(name)
