"""The books of one business in memory: purchases, rewards, and the limits they share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from tests.machine.customers import Customers
from tests.machine.promises import Program
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
from tests.machine.things import Purchase, Referral, Reward


@dataclass
class Books:
    """One business: its programs, what people paid, and every reward in the order it was made."""

    start: datetime
    home: str
    programs: list[Program] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    rewards: list[Reward] = field(default_factory=list)
    referrals: list[Referral] = field(default_factory=list)
    known: dict[str, datetime] = field(default_factory=dict)
    households: dict[str, str] = field(default_factory=dict)
    customers: Customers = field(default_factory=Customers)
    zone: str = "UTC"
    notices: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.now, whose = self.start, self.customers
        self.credit, self.codes, self.payments = Credit(whose), Codes(whose), Payments(whose)
        self.periods = Periods(whose, self.start)
        self.gifts, self.donations = Gifts(), Donations()
        self.accounts, self.lots = Accounts(), Lots()
        self.purses: dict[str, Purse] = {
            "account_credit": self.credit,
            "discount": self.codes,
            "recognition": Purse(),
            "free_period": self.periods,
            "refund": self.payments,
            "gift": self.gifts,
            "request": Purse(),
            "charity": self.donations,
            "cash": self.accounts,
            "store_credit": self.lots,
        }

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

    def day_of(self, moment: datetime) -> str:
        """Say the day a moment lies in where the business is."""
        return moment.astimezone(ZoneInfo(self.zone)).date().isoformat()

    def wake(self, person: str) -> None:
        """Have what waits for somebody seen anew."""
        for reward in self.rewards:
            if reward.person == person and not reward.sent:
                reward.waits = ""

    def is_old(self, referral: Referral) -> bool:
        return self.known[referral.friend] < min(referral.touched, referral.at)
