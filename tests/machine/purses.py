"""Where each kind of reward is once it was given, in memory: what is there and what comes back.

`left` says how much of a reward can still be taken back, or None when nothing can.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.machine.customers import Customers
from tests.machine.things import Code, Refused, Reward

PERIOD = timedelta(days=30)


class Purse:
    """Nothing is needed to give it, and nothing comes back."""

    def is_known(self, person: str) -> bool:
        """Tell whether there is anywhere to send it."""
        return True

    def can_give(self, reward: Reward, at: datetime) -> bool:
        return True

    def left(self, reward: Reward, at: datetime) -> int | None:
        return None

    def freeze(self, reward: Reward, at: datetime) -> None:
        """Settle what an act rests on before it is sent."""

    def give(self, reward: Reward, at: datetime) -> None:
        """Give what was asked."""

    def take(self, reward: Reward) -> None:
        """Take back what was asked."""

    def has_enough(self, reward: Reward) -> bool:
        """Tell whether the money for an act is there at the moment it arrives."""
        return True


@dataclass
class AtCustomers(Purse):
    """What is given to a customer at the provider, and taken from the one it was given to."""

    customers: Customers

    def is_known(self, person: str) -> bool:
        return self.customers.current(person) is not None

    def freeze(self, reward: Reward, at: datetime) -> None:
        if reward.act == "give":
            reward.customer = self.customers.current(reward.person) or ""


@dataclass
class Credit(AtCustomers):
    """A balance of each customer at the provider, whatever it came from."""

    of: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def left(self, reward: Reward, at: datetime) -> int | None:
        return self.of[reward.customer] or None

    def give(self, reward: Reward, at: datetime) -> None:
        self.of[reward.customer] += reward.asked

    def take(self, reward: Reward) -> None:
        self.of[reward.customer] -= reward.asked


@dataclass
class Codes(AtCustomers):
    """Codes of each customer; one that was used stays, and so does a part of one."""

    of: Counter[str] = field(default_factory=Counter)
    used: set[Reward] = field(default_factory=set)

    def is_known(self, person: str) -> bool:
        self.customers.make(person)
        return True

    def freeze(self, reward: Reward, at: datetime) -> None:
        super().freeze(reward, at)
        days = reward.offer.code_days
        if reward.act == "give" and days is not None:
            reward.code = Code(at + timedelta(days=days))

    def left(self, reward: Reward, at: datetime) -> int | None:
        stays = reward in self.used or reward.wanted < reward.given
        return None if stays else reward.wanted

    def give(self, reward: Reward, at: datetime) -> None:
        self.of[reward.customer] += 1

    def take(self, reward: Reward) -> None:
        self.of[reward.customer] -= 1


@dataclass
class Periods(AtCustomers):
    """The end of each customer's subscription; free time that runs already stays."""

    start: datetime
    ends: dict[str, datetime] = field(default_factory=dict)
    begins: dict[Reward, datetime] = field(default_factory=dict)
    until: dict[Reward, datetime] = field(default_factory=dict)

    def left(self, reward: Reward, at: datetime) -> int | None:
        until = self._end(reward.customer) - PERIOD
        is_ahead = min(until, self.begins[reward]) > at
        return reward.wanted if reward.wanted >= reward.given and is_ahead else None

    def freeze(self, reward: Reward, at: datetime) -> None:
        super().freeze(reward, at)
        if reward.act == "take":
            self.until[reward] = self._end(reward.customer) - PERIOD
        else:
            self.begins[reward] = max(at, self._end(reward.customer))
            self.until[reward] = self.begins[reward] + PERIOD

    def give(self, reward: Reward, at: datetime) -> None:
        self.ends[reward.customer] = self.until[reward]

    def take(self, reward: Reward) -> None:
        self.ends[reward.customer] = self.until[reward]

    def _end(self, customer: str) -> datetime:
        return self.ends.get(customer, self.start)


@dataclass
class Payments(AtCustomers):
    """What is left of each customer's last payment, and what they were given back in all."""

    last: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    back: Counter[str] = field(default_factory=Counter)

    def can_give(self, reward: Reward, at: datetime) -> bool:
        customer = self.customers.current(reward.person) or ""
        return self.last[customer] >= reward.payable

    def give(self, reward: Reward, at: datetime) -> None:
        self.last[reward.customer] -= reward.asked
        self.back[reward.customer] += reward.asked


@dataclass
class Gifts(Purse):
    """A stock of codes of each worth; one that was looked at stays with its person."""

    free: Counter[int] = field(default_factory=Counter)
    out: dict[Reward, bool] = field(default_factory=dict)

    def can_give(self, reward: Reward, at: datetime) -> bool:
        return self.free[reward.payable] > 0

    def left(self, reward: Reward, at: datetime) -> int | None:
        is_whole = reward.wanted == reward.amount
        return None if self.out[reward] or not is_whole else reward.amount

    def give(self, reward: Reward, at: datetime) -> None:
        self.free[reward.asked] -= 1
        self.out[reward] = False

    def take(self, reward: Reward) -> None:
        self.free[reward.asked] += 1
        del self.out[reward]


@dataclass
class Donations(Purse):
    """What is owed to the charity for each reward, and what it was paid."""

    owed: dict[Reward, int] = field(default_factory=dict)
    paid: int = 0

    def left(self, reward: Reward, at: datetime) -> int | None:
        return self.owed.get(reward)

    def give(self, reward: Reward, at: datetime) -> None:
        self.owed[reward] = reward.asked

    def take(self, reward: Reward) -> None:
        self.owed[reward] -= reward.asked

    def pay(self) -> None:
        """Pay all that is owed; what was withdrawn whole is not owed, and so not paid."""
        self.paid += sum(self.owed.values())
        self.owed = {reward: 0 for reward, amount in self.owed.items() if not amount}


@dataclass
class Accounts(Purse):
    """People's own accounts: whether they can be paid, and what of each transfer is left."""

    balance: int = 0
    ready: dict[str, bool] = field(default_factory=dict)
    moved_on: set[str] = field(default_factory=set)
    sent: dict[Reward, int] = field(default_factory=dict)

    def is_known(self, person: str) -> bool:
        return person in self.ready

    def can_give(self, reward: Reward, at: datetime) -> bool:
        return self.ready[reward.person] and self.balance >= reward.payable

    def left(self, reward: Reward, at: datetime) -> int | None:
        return self.sent[reward] or None

    def has_enough(self, reward: Reward) -> bool:
        if reward.act == "take":
            return reward.person not in self.moved_on
        return self.balance >= reward.asked

    def give(self, reward: Reward, at: datetime) -> None:
        self.balance -= reward.asked
        self.sent[reward] = reward.asked

    def take(self, reward: Reward) -> None:
        self.balance += reward.asked
        self.sent[reward] -= reward.asked

    def in_all(self) -> dict[str, int]:
        """Add up what everybody has of what was sent to them."""
        total: Counter[str] = Counter()
        for reward, left in self.sent.items():
            total[reward.person] += left
        return dict(total)


@dataclass
class Lot:
    """The credit of one reward and what is left of it, until it ends."""

    reward: Reward
    left: int
    ends: datetime | None
    is_told: bool = False

    def is_to_be_told(self, at: datetime) -> bool:
        is_near = self.ends is not None and self.ends - timedelta(days=14) <= at < self.ends
        return is_near and not self.is_told

    def has_ended(self, at: datetime) -> bool:
        return self.ends is not None and self.ends <= at


@dataclass
class Lots(Purse):
    """Credit that the business keeps: a lot for each reward, and what orders took of which."""

    of: dict[Reward, Lot] = field(default_factory=dict)
    orders: list[list[tuple[Lot, int]]] = field(default_factory=list)
    cancelled: set[int] = field(default_factory=set)

    def left(self, reward: Reward, at: datetime) -> int | None:
        return self.of[reward].left or None

    def give(self, reward: Reward, at: datetime) -> None:
        days = reward.offer.life_days
        ends = None if days is None else at + timedelta(days=days)
        self.of[reward] = Lot(reward, reward.asked, ends)

    def take(self, reward: Reward) -> None:
        self.of[reward].left -= reward.asked

    def spend(self, person: str, amount: int, at: datetime) -> None:
        """Take all of an amount, of what ends first, or nothing."""
        lots = [one for one in self.of.values() if one.reward.person == person]
        open_ = [one for one in lots if not one.has_ended(at)]
        if sum(one.left for one in open_) < amount:
            raise Refused("NotEnoughCredit")
        order: list[tuple[Lot, int]] = []
        for lot in sorted(open_, key=lambda one: (one.ends is None, one.ends or at)):
            part = min(lot.left, amount - sum(taken for _, taken in order))
            lot.left -= part
            order += [(lot, part)] if part else []
        self.orders.append(order)

    def in_all(self) -> dict[str, int]:
        """Add up what everybody has to spend, or what waits to expire."""
        total: Counter[str] = Counter()
        for lot in self.of.values():
            total[lot.reward.person] += lot.left
        return dict(total)
