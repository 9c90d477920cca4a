"""What waits for its person, in memory: credit given another way, and rewards that end untaken."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.machine.promises import WAYS
from tests.machine.refunds import Refunds
from tests.machine.things import OWN, Reward, demand

NOTICE, A_DAY = timedelta(days=14), timedelta(days=1)


class Waiting(Refunds):
    """A reward whose act last `waits` for its person becomes another, or ends after a notice."""

    def fall_back(self, reward: Reward, at: datetime) -> None:
        """Give credit another way to somebody who is no customer, once its days have passed."""
        offer = reward.offer
        if not self._may_fall_back(reward) or offer.fallback is None:
            return
        reward.waits = "hold" if reward.holds else "person"
        is_time = at >= self._approved_at(reward) + timedelta(days=offer.fallback_days)
        if is_time and not reward.holds:
            reward.kind, reward.waits = offer.fallback, ""

    def extend(self, reward: Reward, by: str) -> None:
        """Give its person as long again."""
        demand(reward.state == "approved", "RewardMoved")
        demand(reward.ends is not None, "NeverExpires")
        self._end_at(reward, max(reward.ends, self._as_long(reward)))

    def begin_to_expire(self, reward: Reward) -> None:
        if reward.offer.expire_days is not None:
            self._end_at(reward, self._as_long(reward))

    def see_to_expiry(self, reward: Reward, at: datetime) -> None:
        """Tell of the end when it is near, and then end; anything else moves the end along."""
        if reward.state != "approved" or reward.ends is None:
            return
        if at < (reward.ends if reward.told else reward.ends - NOTICE):
            return
        is_stuck = reward.holds or reward.act is None or self._may_fall_back(reward)
        if is_stuck or reward.waits != "person" or not has_mail(reward.person):
            self._end_at(reward, at + A_DAY + NOTICE)
        elif reward.told is None or (reward.released and reward.released > reward.told):
            reward.told, reward.ends = at, max(at + NOTICE, reward.ends)
            self.notices["reward_expires"] += 1
        else:
            self.end(reward, "expired", "not_claimed")

    def see_to_code(self, reward: Reward, at: datetime) -> None:
        """Tell of the end of a code that nobody used, and then take what it was worth back."""
        code = reward.code
        is_due = code is not None and code.look is not None and code.look <= at
        if code is None or not is_due or reward.state != "granted":
            return
        code.look = None
        if reward in self.codes.used:
            return
        code.look = code.use_by + A_DAY if code.is_told else code.notice
        if code.look is None or at < code.look:
            return
        if not code.is_told:
            code.is_told, code.look = True, code.use_by + A_DAY
            self.notices["discount_ends"] += has_mail(reward.person)
        elif reward.act:
            code.look = at + A_DAY
        else:
            code.has_lapsed, code.look = True, None
            reward.owed -= reward.debt
            self.end_unused(reward, reward.amount)

    def look_at_codes_of(self, person: str, at: datetime) -> None:
        """Have it asked soon whether somebody who has bought used a code of theirs."""
        for reward in self.rewards:
            code = reward.code
            if code and reward.person == person and reward.state == "granted":
                code.look = None if code.has_lapsed else at

    def _may_fall_back(self, reward: Reward) -> bool:
        offer = reward.offer
        if offer.fallback is None or reward.kind != "account_credit" or reward.sent:
            return False
        is_whole = not WAYS[offer.fallback].whole or reward.payable == reward.amount
        return is_whole and self.customers.current(reward.person) is None

    def _as_long(self, reward: Reward) -> datetime:
        return self.now + timedelta(days=reward.offer.expire_days or 0)

    @staticmethod
    def _approved_at(reward: Reward) -> datetime:
        assert reward.approved
        return reward.approved

    @staticmethod
    def _end_at(reward: Reward, moment: datetime) -> None:
        reward.ends, reward.told = moment, None


def has_mail(person: str) -> bool:
    """Tell whether a record has a mail address."""
    return not person.endswith(OWN) and not person.startswith("?")
