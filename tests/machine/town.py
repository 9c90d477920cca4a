"""What the histories are made of: two businesses, how to choose in them, and how things happen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from hypothesis.stateful import (
    RuleBasedStateMachine,
)

from referral import create_app
from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.people.payees import keep_payee
from referral.domain.purchases import RefundFact
from referral.domain.reports.auditor import audit
from referral.domain.rewards import redeem
from referral.domain.rewards.charities import charities, mark_paid
from referral.domain.rewards.gifts import show_code
from referral.domain.rewards.grants import Done
from referral.foundation.db import db, session, transaction
from referral.foundation.errors import Refusal
from referral.foundation.money import Money
from tests import provider as outside
from tests.cast import NOON
from tests.databases import Kind as Database
from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate, settings_for
from tests.machine.bank import TooLittleMoney
from tests.machine.things import Refused, Reward, Touch
from tests.machine.world import (
    SERVER,
    Place,
    grant_of,
    person_of,
    reward_of,
)

VERBS: dict[str, Callable[..., object]] = {
    "hold": journey.hold_reward,
    "release": journey.release_reward,
    "approve": journey.approve_reward,
    "deny": journey.deny_reward,
    "reissue": journey.reissue_reward,
    "take_back": journey.take_back_reward,
    "forgive": journey.forgive_debt,
}
T = TypeVar("T")


class Town(RuleBasedStateMachine):
    """Two businesses beside their models; every deed is done in both."""

    kind: ClassVar[Database] = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.url = cloned_database(self.kind, migrate=migrate)
        self.context = create_app(settings_for(self.url)).app_context()
        self.context.push()
        self.now = NOON
        self.places: list[Place] = []
        self.clicks: list[tuple[Place, str, Touch]] = []
        self.refunds: list[tuple[Place, int, str, int]] = []
        self.steps = 0

    def teardown(self) -> None:
        self._audit()
        session.remove()
        db.engine.dispose()
        self.context.pop()
        drop_database(self.url)

    @staticmethod
    def _audit() -> None:
        report = audit(NOON)
        assert [str(found) for found in report.violations] == []

    def _ask(self, where: Place, known: Reward, outcome: str) -> None:
        grant = grant_of(where, known)
        with within(where.business.id):
            is_sent = outside.prepare(grant, where.bank, at=self.now)
            where.model.prepare(known, self.now)
            assert is_sent == known.sent
            if is_sent:
                self._answer(where, known, grant, outcome)

    def _answer(self, where: Place, known: Reward, grant: Any, outcome: str) -> None:
        """Let an act end; what had its effect already is found there, whatever comes next."""
        rules = where.model
        if known.is_done and outcome in ("refuse", "absent"):
            outcome = "done"
        if outcome in ("done", "unheard"):
            self._have_effect(where, known, grant, is_heard=outcome == "done")
        elif outcome == "refuse":
            outside.refuse(grant, at=self.now)
            rules.refuse(known)
        elif outcome == "absent":
            outside.find_nothing(grant, at=self.now)
            rules.lose(known)
        elif outcome == "wrong":
            asked = grant.parameters
            meant = Done("obj_wrong", asked["amount"], grant.currency, "cus_x", {})
            assert not outside.answer(grant, meant, at=self.now)
            rules.mistake(known)

    def _have_effect(self, where: Place, known: Reward, grant: Any, *, is_heard: bool) -> None:
        """Do an act at the bank; for want of money a gift waits, and a taking stands as a debt."""
        has_money = where.model.happen(known, self.now)
        try:
            done = where.bank.send(grant)
        except TooLittleMoney:
            assert not has_money
            if known.act == "take":
                outside.refuse(grant, at=self.now)
                where.model.refuse(known)
            else:
                outside.find_nothing(grant, at=self.now)
                where.model.lose(known)
            return
        assert has_money
        if is_heard:
            assert outside.answer(grant, done, at=self.now)
            where.model.finish(known, self.now)

    def _staff(self, where: Place, known: Reward, verb: str, by: Actor) -> None:
        """Let somebody do something with a reward."""
        row = reward_of(where, known)
        said = [by.kind] if verb == "approve" else []
        self._both(
            where,
            lambda: VERBS[verb](row, actor=by, reason="No.", at=self.now),
            lambda: getattr(where.model, verb)(known, *said),
        )

    @staticmethod
    def _both(where: Place, act: Callable[[], object], same: Callable[[], object]) -> None:
        """Do something here and in the model; both allow it, or refuse it by one name."""
        refused = wanted = None
        try:
            with within(where.business.id), transaction():
                act()
        except Refusal as refusal:
            refused = type(refusal).__name__
        try:
            same()
        except Refused as refusal:
            wanted = str(refusal)
        assert refused == wanted

    @staticmethod
    def _spend(where: Place, name: str, amount: int) -> None:
        credit = where.model.credit.of
        credit[name] -= min(amount, credit[name])
        where.bank.credit[where.customer(name)] = credit[name]

    @staticmethod
    def _money_comes_in(where: Place, amount: int) -> None:
        where.bank.balance += amount
        where.model.accounts.balance += amount

    @staticmethod
    def _pays_for_themselves(where: Place, name: str, amount: int) -> None:
        where.bank.paid[where.customer(name)] = where.model.payments.last[name] = amount

    def _sets_up_an_account(self, where: Place, name: str, *, is_ready: bool) -> None:
        person, account = person_of(where, name), where.account(name)
        if person is not None:
            with within(where.business.id), transaction():
                keep_payee(person, account, "DE", at=self.now)
            where.bank.ready[account] = where.model.accounts.ready[name] = is_ready

    @staticmethod
    def _empties_the_account(where: Place, name: str) -> None:
        where.bank.empty.add(where.account(name))
        where.model.accounts.moved_on.add(name)

    def _pays_the_charity(self, where: Place) -> None:
        owed = sum(where.model.donations.owed.values())
        if owed:
            with within(where.business.id), transaction():
                (charity,) = charities()
                mark_paid(charity, Money(owed, "eur"), reference="1", at=self.now)
            where.model.donations.pay()

    def _looks_at_the_code(self, where: Place, known: Reward) -> None:
        if known in where.model.gifts.out:
            row = reward_of(where, known)
            with within(where.business.id), transaction():
                show_code(row, at=self.now)
            where.model.gifts.out[known] = True

    def _use_up(self, where: Place, known: Reward) -> None:
        """Let somebody use what they were given, so that it cannot be taken back."""
        uses: dict[str, Callable[[], None]] = {
            "account_credit": lambda: self._spend(where, known.person, 500),
            "cash": lambda: self._empties_the_account(where, known.person),
            "gift": lambda: self._looks_at_the_code(where, known),
            "charity": lambda: self._pays_the_charity(where),
            "store_credit": lambda: self._order(where, known.person, 300),
        }
        if known.state == "granted" and known.kind in uses:
            uses[known.kind]()

    def _order(self, where: Place, name: str, amount: int) -> None:
        person, order = person_of(where, name), f"order-{len(where.model.lots.orders)}"
        assert person
        price = Money(amount, "eur")
        self._both(
            where,
            lambda: redeem(person, order, price, actor=SERVER, at=self.now),
            lambda: where.model.lots.spend(name, amount, self.now),
        )

    def _tick(self) -> None:
        self.now += timedelta(seconds=1)

    def _bought(self) -> list[tuple[Place, int]]:
        return [(place, number) for place in self.places for number in range(len(place.keys))]

    def _purchase(self, pick: int) -> tuple[Place, int]:
        """Choose a purchase; mostly one that earned something."""
        earning = [
            (place, number)
            for place, number in self._bought()
            if any(one.purchase is place.model.purchases[number] for one in place.model.rewards)
        ]
        return self._chosen(earning if earning and pick % 5 else self._bought(), pick)

    def _rewards(self) -> list[tuple[Place, Reward]]:
        return [
            (place, reward)
            for place in self.places
            for reward in place.model.rewards
            if not reward.superseded
        ]

    def _reward(self, pick: int) -> tuple[Place, Reward]:
        return self._chosen(self._rewards(), pick)

    def _acts(self) -> list[tuple[Place, Reward]]:
        return [(place, reward) for place, reward in self._rewards() if reward.act]

    def _act(self, pick: int) -> tuple[Place, Reward]:
        return self._chosen(self._acts(), pick)

    def _given(self, kind: str | None = None) -> list[tuple[Place, Reward]]:
        found = [one for one in self._rewards() if kind in (None, one[1].kind)]
        return [one for one in found if one[1].state == "granted"]

    def _owing(self) -> list[tuple[Place, Reward]]:
        return [one for one in self._rewards() if one[1].debt]

    def _to_choose(self) -> list[tuple[Place, Reward]]:
        return [one for one in self._rewards() if one[1].offer.kind in ("choice", "charity")]

    def _orders(self) -> list[tuple[Place, int]]:
        return [
            (place, number)
            for place in self.places
            for number in range(len(place.model.lots.orders))
        ]

    @staticmethod
    def _chosen(among: list[T], pick: int) -> T:
        return among[pick % len(among)]

    def _refund(
        self, where: Place, number: int, name: str, amount: int, *, has_failed: bool = False
    ) -> None:
        fact = RefundFact(
            (where.keys[number],),
            self.now,
            refund_id=name,
            amount_minor=amount,
            has_failed=has_failed,
        )
        self._tell(where, fact)
        bought = where.model.purchases[number]
        bought.refunds[name] = amount
        if has_failed:
            bought.failed.add(name)
        where.model.refunded(bought)

    def _tell(self, where: Place, fact: RefundFact) -> None:
        with within(where.business.id), transaction():
            journey.refund(where.business, fact, at=self.now)
