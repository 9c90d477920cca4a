"""The rules once more, in memory and as plainly as can be, to compare with the real ones."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

ACTS = {"account_credit": "credit", "discount": "code", "recognition": "thanks"}
"""What gives each kind."""

LIVE = ("pending", "approved", "granting", "granted")


@dataclass(frozen=True)
class Offer:
    """What one side was promised."""

    side: str
    kind: str
    trigger: str
    amount: int | None
    rate_bp: int | None
    cap: int | None
    person_cap: int | None
    minimum: int
    day_cap: int | None = None
    month_cap: int | None = None

    def worth(self, base: int) -> int:
        if self.amount is not None:
            return self.amount
        exact = round(Fraction(base * (self.rate_bp or 0), 10_000))
        return exact if self.cap is None else min(exact, self.cap)


@dataclass
class Program:
    """One programme: what it offers now, and what it has committed."""

    offers: dict[str, Offer]
    budget: int | None
    first_wins: bool
    needs_staff: bool
    hold: timedelta
    automatic_below: int | None = None
    second_from: int | None = None
    day_cap: int | None = None
    month_cap: int | None = None
    state: str = "active"
    committed: int = 0
    taken: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def approvals_for(self, amount: int) -> int:
        if self.second_from is not None and amount >= self.second_from:
            return 2
        is_large = self.automatic_below is not None and amount >= self.automatic_below
        return int(self.needs_staff or is_large)


@dataclass
class Touch:
    """A click or a typed code of somebody."""

    program: Program
    advocate: str
    at: datetime
    weight: int

    @property
    def said(self) -> tuple[object, ...]:
        return (self.weight, id(self.program), self.advocate, self.at if self.weight == 1 else None)


@dataclass
class Purchase:
    """What a friend paid, and everything told of it since."""

    friend: str
    gross: int
    tax: int
    at: datetime
    refunds: dict[str, int] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    charged: int = 0
    disputes: dict[str, str] = field(default_factory=dict)

    @property
    def refunded(self) -> int:
        standing = sum(amount for key, amount in self.refunds.items() if key not in self.failed)
        failed = sum(amount for key, amount in self.refunds.items() if key in self.failed)
        lost = self.gross * sum(outcome == "lost" for outcome in self.disputes.values())
        return min(self.gross, max(standing, self.charged - failed) + lost)


@dataclass
class Referral:
    """Who sent whom, with the promises of that day."""

    program: Program
    advocate: str
    friend: str
    touched: datetime
    at: datetime
    offers: dict[str, Offer]

    def person(self, side: str) -> str:
        return self.advocate if side == "advocate" else self.friend


@dataclass(eq=False)
class Reward:
    """A promise and what became of it; `act` is what is to be done outside, `wanted` how much."""

    referral: Referral
    offer: Offer
    person: str
    purchase: Purchase | None
    amount: int
    ready: datetime
    earned: datetime
    state: str = "pending"
    reason: str | None = None
    claw: int = 0
    withheld: int = 0
    debited: int = 0
    owed: int = 0
    holds: list[str] = field(default_factory=list)
    act: str | None = None
    wanted: int = 0
    asked: int = 0
    sent: bool = False
    tries: int = 0
    superseded: bool = False
    number: int = 0
    needed: int = 0
    agreed: list[str] = field(default_factory=list)

    @property
    def payable(self) -> int:
        return self.amount - self.withheld

    @property
    def counts(self) -> list[tuple[tuple[str, str], int | None, str]]:
        """Where it is counted, under which cap, and how that refuses."""
        day = self.earned.date().isoformat()
        return [
            ((self.person, ""), self.offer.person_cap, "cap_reached"),
            ((self.person, day), self.offer.day_cap, "day_cap_reached"),
            ((self.person, day[:7]), self.offer.month_cap, "month_cap_reached"),
        ]

    @property
    def due(self) -> int:
        return self.claw - self.withheld - self.debited - self.owed


class Refused(Exception):
    """The act is not possible now; the real one must refuse it with this name."""


@dataclass
class Model:
    """One business: its programmes, what was told, and every reward in the order it was made."""

    programs: list[Program]
    known: dict[str, datetime] = field(default_factory=dict)
    referrals: list[Referral] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    rewards: list[Reward] = field(default_factory=list)
    credit: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    heard: set[tuple[object, ...]] = field(default_factory=set)

    def sign_up(self, program: Program, friend: str, touches: list[Touch], at: datetime) -> None:
        told = (id(program), friend, frozenset(one.said for one in touches))
        if told in self.heard:
            return
        self.heard.add(told)
        winner = self._winner(program, friend, touches, at)
        self.known[friend] = min(at, self.known.get(friend, at))
        if winner is not None:
            referral = Referral(
                program, winner.advocate, friend, winner.at, at, dict(program.offers)
            )
            self.referrals.append(referral)
            self._earn(referral, None)
            self._judge(friend, self.purchases)

    def _winner(
        self, program: Program, friend: str, touches: Iterable[Touch], at: datetime
    ) -> Touch | None:
        if program.state != "active" or self._referral(program, friend) is not None:
            return None
        since = self.known.get(friend)
        worthy = [
            one
            for one in touches
            if one.program is program and one.advocate != friend
            if at < one.at + timedelta(days=90) and (since is None or since >= one.at)
        ]
        sign = 1 if program.first_wins else -1
        worthy.sort(key=lambda one: (-one.weight, sign * one.at.timestamp()))
        return worthy[0] if worthy else None

    def _referral(self, program: Program, friend: str) -> Referral | None:
        found = (r for r in self.referrals if r.program is program and r.friend == friend)
        return next(found, None)

    def buy(self, purchase: Purchase) -> None:
        self.purchases.append(purchase)
        friend, at = purchase.friend, purchase.at
        self.known[friend] = min(at, self.known.get(friend, at))
        for reward in self.rewards:
            is_his = reward.referral.friend == friend and self._is_old(reward.referral)
            if is_his and reward.state in ("pending", "approved"):
                self._end(reward, "cancelled", "existing_customer")
        self._judge(friend, [purchase])

    def _is_old(self, referral: Referral) -> bool:
        return self.known[referral.friend] < min(referral.touched, referral.at)

    def _judge(self, friend: str, purchases: list[Purchase]) -> None:
        mine = sorted((one for one in purchases if one.friend == friend), key=lambda one: one.at)
        for referral in [one for one in self.referrals if one.friend == friend]:
            for purchase in mine:
                if self._qualifies(referral, purchase) and self._earn(referral, purchase):
                    self._catch_up(purchase)

    def _qualifies(self, referral: Referral, purchase: Purchase) -> bool:
        window = referral.touched <= purchase.at < referral.at + timedelta(days=180)
        return window and not self._is_old(referral) and purchase.gross > purchase.tax

    def _earn(self, referral: Referral, purchase: Purchase | None) -> bool:
        made = [
            self._earn_side(referral, referral.offers[side], purchase)
            for side in ("advocate", "friend")
            if (referral.offers[side].trigger == "signup") == (purchase is None)
        ]
        return any(made)

    def _earn_side(self, referral: Referral, offer: Offer, purchase: Purchase | None) -> bool:
        base = purchase.gross - purchase.tax if purchase else 0
        amount, holds = offer.worth(base), list[str]()
        is_nothing = amount <= 0 and offer.kind != "recognition"
        if purchase and (base < offer.minimum or is_nothing):
            return False
        for standing in self.rewards:
            if standing.referral is not referral or standing.offer is not offer:
                continue
            other = offer.trigger == "purchase" and standing.purchase is not purchase
            if standing.superseded or standing.number or other:
                continue
            if not self._gives_way(standing, purchase):
                return False
            holds = [hold for hold in standing.holds if hold == "staff"]
            self._end(standing, "cancelled", "earlier_purchase")
            standing.superseded = True
        begun = purchase.at if purchase else referral.at
        wait = referral.program.hold if purchase else timedelta(0)
        person = referral.person(offer.side)
        reward = Reward(referral, offer, person, purchase, amount, begun + wait, begun, holds=holds)
        if offer.kind != "discount":
            reward.needed = referral.program.approvals_for(amount)
        self.rewards.append(reward)
        self._reserve(reward)
        return True

    @staticmethod
    def _gives_way(standing: Reward, purchase: Purchase | None) -> bool:
        if standing.offer.trigger != "first_purchase" or not (purchase and standing.purchase):
            return False
        return purchase.at < standing.purchase.at and standing.state in ("pending", "approved")

    def _reserve(self, reward: Reward) -> None:
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

    def _commit(self, reward: Reward, amount: int) -> None:
        reward.referral.program.committed += amount
        for count, _, _ in reward.counts:
            reward.referral.program.taken[count] += amount

    def _end(self, reward: Reward, state: str, reason: str) -> None:
        self._commit(reward, -reward.payable)
        reward.state, reward.reason = state, reason
        if not reward.sent:
            reward.act = None

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
            if more > 0 and reward.state in LIVE:
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
        elif latest.state in ("pending", "approved"):
            self._end(latest, "cancelled", "refunded")

    def _promise(self, first: Reward) -> list[Reward]:
        return [
            one
            for one in self.rewards
            if one.purchase is first.purchase and not one.superseded
            if one.referral is first.referral and one.offer is first.offer
        ]

    def _restore(self, promise: list[Reward], amount: int) -> None:
        first, left = promise[0], amount
        is_refunded = (first.state, first.reason) == ("cancelled", "refunded")
        if is_refunded and self._is_old(first.referral):
            return
        if not is_refunded and first.state not in (*LIVE, "reversed"):
            return
        for reward in promise:
            left -= self._undo(reward, left)
        if left or not first.amount:
            fresh = self._successor(first, left)
            fresh.number = len(promise)
            fresh.holds = [hold for hold in first.holds if hold == "staff"]
            self.rewards.append(fresh)
            self._reserve(fresh)
            for name, outcome in (fresh.purchase.disputes if fresh.purchase else {}).items():
                if outcome == "open" and fresh.state == "pending":
                    fresh.holds.append(name)

    @staticmethod
    def _successor(first: Reward, amount: int) -> Reward:
        return Reward(
            first.referral,
            first.offer,
            first.person,
            first.purchase,
            amount,
            first.ready,
            first.earned,
            needed=first.needed,
        )

    def _undo(self, reward: Reward, most: int) -> int:
        if reward.state in ("pending", "approved"):
            part = min(most, reward.withheld)
            if not part or self._refused(reward, part):
                return 0
            self._commit(reward, part)
            reward.claw, reward.withheld = reward.claw - part, reward.withheld - part
            reward.wanted = reward.payable
            return part
        if reward.state not in ("granting", "granted"):
            return 0
        coming = reward.wanted if reward.act == "debit" and reward.sent else 0
        part = min(most, reward.due - coming)
        reward.claw -= part
        if reward.act == "debit" and not reward.sent:
            reward.wanted = min(reward.wanted, reward.due)
            reward.act = "debit" if reward.wanted else None
        debt = min(most - part, reward.owed)
        reward.claw, reward.owed = reward.claw - debt, reward.owed - debt
        return part + debt

    def dispute(self, purchase: Purchase, name: str, outcome: str) -> None:
        """Hear of a dispute; a closed one does not open again."""
        if purchase.disputes.get(name, "open") == "open":
            purchase.disputes[name] = outcome
        self._hold_disputed(purchase, name)
        self.refunded(purchase)

    def _catch_up(self, purchase: Purchase) -> None:
        self.refunded(purchase)
        for name, outcome in purchase.disputes.items():
            if outcome == "open":
                self._hold_disputed(purchase, name)

    def _hold_disputed(self, purchase: Purchase, name: str) -> None:
        for reward in [one for one in self.rewards if one.purchase is purchase]:
            if purchase.disputes[name] != "open":
                reward.holds = [hold for hold in reward.holds if hold != name]
            elif reward.state in ("pending", "approved") and name not in reward.holds:
                reward.holds.append(name)

    def _claw(self, reward: Reward, part: int) -> None:
        reward.claw += part
        if not part or reward.state == "granting":
            return
        if reward.state == "granted":
            self._take(reward)
        elif reward.claw == reward.amount:
            self._end(reward, "cancelled", "refunded")
        else:
            self._commit(reward, -part)
            reward.withheld = reward.claw
            reward.wanted = reward.payable

    @staticmethod
    def _take(reward: Reward) -> None:
        if reward.due > 0 and reward.act is None:
            reward.act, reward.wanted, reward.sent = "debit", reward.due, False

    def hold(self, reward: Reward) -> None:
        self._demand(reward.state in ("pending", "approved"), "RewardMoved")
        reward.holds.append("staff")

    def release(self, reward: Reward) -> None:
        self._demand(bool(reward.holds), "NothingHeld")
        reward.holds = []

    def approve(self, reward: Reward, by: str) -> None:
        self._demand(reward.state == "pending", "RewardMoved")
        self._demand(not reward.holds, "RewardHeld")
        self._demand(by not in reward.agreed, "SecondPersonNeeded")
        reward.agreed.append(by)
        if len(reward.agreed) >= reward.needed:
            self._approved(reward)

    @staticmethod
    def _approved(reward: Reward) -> None:
        reward.state, reward.wanted = "approved", reward.payable
        reward.act = ACTS[reward.offer.kind]

    def reissue(self, reward: Reward) -> None:
        """Let a reward that failed begin anew, less what was refunded meanwhile."""
        self._demand(reward.state == "failed", "RewardMoved")
        self._demand(not self._is_old(reward.referral), "NotOwed")
        reward.superseded = True
        fresh = self._successor(reward, reward.amount)
        fresh.number = reward.number
        self.rewards.append(fresh)
        self._reserve(fresh)
        if reward.purchase and reward.purchase.refunded:
            self.refunded(reward.purchase)

    def deny(self, reward: Reward) -> None:
        self._demand(reward.state in ("pending", "approved"), "RewardMoved")
        self._end(reward, "denied", "No.")

    def ripen(self, at: datetime) -> None:
        for reward in self.rewards:
            is_free = reward.state == "pending" and not reward.holds and reward.ready <= at
            if is_free and not reward.needed:
                self._approved(reward)

    def prepare(self, reward: Reward) -> None:
        """Begin the act outside, unless it must wait or nothing is left to take."""
        if reward.sent or (reward.state == "approved" and reward.holds):
            return
        reward.asked = reward.payable
        if reward.act == "debit":
            reward.asked = min(reward.wanted, self.credit[reward.person])
            if reward.asked <= 0:
                self.refuse(reward)
                return
        elif reward.act == "thanks":
            self._settle(reward)
            reward.state = "granted"
            return
        elif reward.state == "approved":
            reward.state = "granting"
        reward.sent = True

    def finish(self, reward: Reward) -> None:
        act = self._settle(reward)
        if act == "debit":
            self.credit[reward.person] -= reward.asked
            reward.debited += reward.asked
            reward.owed += reward.wanted - reward.asked
            self._commit(reward, -reward.asked)
            self._close(reward)
        else:
            self.credit[reward.person] += reward.asked if act == "credit" else 0
            reward.state = "granted"
            self._take(reward)

    def refuse(self, reward: Reward) -> None:
        """Nothing exists outside and nothing will: a debit stands as a debt, a reward fails."""
        act = self._settle(reward)
        if act == "debit":
            reward.owed += reward.due
            self._close(reward)
        elif reward.state == "granting":
            self._end(reward, "failed", "No such customer.")

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

    def _close(self, reward: Reward) -> None:
        if reward.claw == reward.amount and reward.due == 0:
            reward.state, reward.reason = "reversed", "refunded"
        else:
            self._take(reward)

    @staticmethod
    def _demand(holds: bool, name: str) -> None:
        if not holds:
            raise Refused(name)
