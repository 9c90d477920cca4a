"""Random histories of two businesses beside a plain model: both agree, and no promise breaks."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from referral.domain import journey
from referral.domain.attribution import Told
from referral.domain.businesses import Actor, within
from referral.domain.links import Token, make_token
from referral.domain.programs import Kind, ProgramState, change_state, set_budget
from referral.domain.purchases import CameBack, DisputeFact, DisputeOutcome, RefundFact
from referral.domain.rewards import reverse
from referral.domain.rewards.choosing import choose
from referral.domain.rewards.grants import given_by
from referral.domain.rewards.redemptions import redemption_known
from referral.foundation.db import session, transaction
from referral.foundation.ids import key_at
from tests import provider as outside
from tests.databases import Kind as Database
from tests.machine.things import Purchase, Touch
from tests.machine.town import VERBS, Town
from tests.machine.world import (
    ADVOCATES,
    FRIENDS,
    OFFERS,
    OLIVE,
    PEOPLE,
    SERVER,
    TO_ADVOCATES,
    TO_CHOOSE,
    TO_FRIENDS,
    buy,
    expected,
    fill_stock,
    open_place,
    publish,
    reward_of,
    sign_up,
    written,
)

COFFEE: list[dict[str, Any]] = [
    {"budget": 5000, "first": True, "staff": False, "hold_days": 30},
    {"budget": None, "first": False, "staff": True, "hold_days": 0,
     "second_from": 700, "day_cap": 1500, "month_cap": 2000},
]  # fmt: skip
BOOKS: list[dict[str, Any]] = [
    {"budget": 9000, "first": False, "staff": False, "hold_days": 7, "automatic_below": 250},
    {"budget": None, "first": True, "staff": False, "hold_days": 14},
]
PICK = st.integers(0, 2**16)
PLACES = st.integers(0, 1)
MONEY = st.sampled_from([12_000, 5_000, 777, 19_999, 99, 1, 0])
ANSWERS = ["done", "done", "unheard", "refuse", "wrong", "lost", "absent"]
"""How an act ends: `unheard` has its effect and no answer, `lost` has neither."""


class Histories(Town):
    """Everything people, banks, staff and the provider may do, in any order."""

    @invariant()
    def the_model_and_the_database_agree(self) -> None:
        for place in self.places:
            assert written(place) == expected(place)
        self.steps += 1
        if self.steps % 10 == 0:
            self._audit()

    @initialize(
        friends=st.permutations(FRIENDS[:3]),
        promised=st.lists(st.integers(0, len(TO_ADVOCATES) - 1), min_size=4, max_size=4),
        beside=st.lists(st.integers(0, len(TO_FRIENDS) - 1), min_size=4, max_size=4),
        is_late=st.booleans(),
    )
    def friends_come_by_links(
        self, friends: list[str], promised: list[int], beside: list[int], is_late: bool
    ) -> None:
        sides = iter(
            (TO_ADVOCATES[one], TO_FRIENDS[other])
            for one, other in zip(promised, beside, strict=True)
        )
        for name, rules in (("Coffee", COFFEE), ("Books", BOOKS)):
            offered = [{"offers": next(sides), **rule} for rule in rules]
            self.places.append(open_place(name, self.now, offered))
        for place, friend in enumerate(friends[:2]):
            for number, name in enumerate(ADVOCATES):
                self.click(place, number, name)
                self._sets_up_an_account(self.places[place], name, is_ready=True)
                self._pays_for_themselves(self.places[place], name, 2_000)
            for number in (0, 1):
                self.sign_up(place, number, friend, [1 - number], None)
            self._money_comes_in(self.places[place], 12_000)
            fill_stock(self.places[place], 2, at=self.now)
            self.purchase(place, friend, 12_000, 0)
        if is_late:
            self.everything_due_is_done(31)

    @rule(place=PLACES, number=PLACES, advocate=st.sampled_from(ADVOCATES))
    def click(self, place: int, number: int, advocate: str) -> None:
        where = self.places[place]
        self._tick()
        token = make_token(Token(where.links[number, advocate].id, key_at(self.now)))
        touch = Touch(where.model.programs[number], advocate, self.now, 1)
        self.clicks.append((where, token, touch))

    @rule(
        place=PLACES,
        number=PLACES,
        friend=st.sampled_from(FRIENDS),
        picks=st.lists(st.integers(0, 5), max_size=2, unique=True),
        typed=st.none() | st.sampled_from(ADVOCATES),
    )
    def sign_up(
        self, place: int, number: int, friend: str, picks: list[int], typed: str | None
    ) -> None:
        where = self.places[place]
        self._tick()
        known = [one for one in self.clicks if one[0] is where]
        brought = [known[-1 - pick % len(known)] for pick in picks if known]
        touches = [touch for _, _, touch in brought]
        code = where.links[number, typed].code if typed else None
        if typed:
            program = where.model.programs[number]
            touches.append(Touch(program, typed, self.now, 2))
        told = Told(tokens=tuple(token for _, token, _ in brought), code=code)
        sign_up(where, number, friend, told, at=self.now)
        where.model.sign_up(where.model.programs[number], friend, touches, self.now)

    @rule(
        place=PLACES,
        friend=st.sampled_from(FRIENDS),
        gross=MONEY,
        hours=st.sampled_from([0, 0, 1, 72]),
    )
    def purchase(self, place: int, friend: str, gross: int, hours: int) -> None:
        where = self.places[place]
        self._tick()
        bought = Purchase(friend, gross, gross // 6, self.now - timedelta(hours=hours))
        where.keys.append(f"in_{len(where.keys)}")
        buy(where, where.keys[-1], bought, at=self.now)
        where.model.buy(bought)

    @precondition(lambda self: self._bought())
    @rule(pick=PICK)
    def the_same_purchase_again(self, pick: int) -> None:
        where, number = self._purchase(pick)
        buy(where, where.keys[number], where.model.purchases[number], at=self.now)

    @precondition(lambda self: self._bought())
    @rule(pick=PICK, share=st.sampled_from([1, 2, 3, 7]))
    def refund(self, pick: int, share: int) -> None:
        where, number = self._purchase(pick)
        amount = where.model.purchases[number].gross // share
        told = (where, number, f"re_{len(self.refunds)}", amount)
        self.refunds.append(told)
        self._refund(*told)

    @precondition(lambda self: self.refunds)
    @rule(pick=PICK, has_failed=st.booleans())
    def the_same_refund_again(self, pick: int, has_failed: bool) -> None:
        self._refund(*self.refunds[pick % len(self.refunds)], has_failed=has_failed)

    @precondition(lambda self: self._bought())
    @rule(pick=PICK, amount=MONEY)
    def the_charge_tells_a_total(self, pick: int, amount: int) -> None:
        where, number = self._purchase(pick)
        bought = where.model.purchases[number]
        self._tell(where, RefundFact((where.keys[number],), self.now, total_minor=amount))
        bought.charged = max(bought.charged, amount)
        where.model.refunded(bought)

    @precondition(lambda self: self._bought())
    @rule(pick=PICK, outcome=st.sampled_from(DisputeOutcome), name=st.sampled_from(["a", "b"]))
    def dispute(self, pick: int, outcome: DisputeOutcome, name: str) -> None:
        where, number = self._purchase(pick)
        bought, key = where.model.purchases[number], where.keys[number]
        fact = DisputeFact((key,), f"dp_{key}_{name}", bought.gross, outcome, self.now)
        with within(where.business.id), transaction():
            journey.dispute(where.business, fact, at=self.now)
        where.model.dispute(bought, name, outcome)

    @precondition(lambda self: self._rewards())
    @rule(pick=PICK, verb=st.sampled_from(sorted(VERBS)), by=st.sampled_from([OLIVE, SERVER]))
    def staff_acts(self, pick: int, verb: str, by: Actor) -> None:
        self._staff(*self._reward(pick), verb, by)

    @precondition(lambda self: self._owing())
    @rule(pick=PICK)
    def staff_forgive(self, pick: int) -> None:
        self._staff(*self._chosen(self._owing(), pick), "forgive", OLIVE)

    @precondition(lambda self: self._given())
    @rule(pick=PICK, is_used=st.booleans())
    def staff_take_back(self, pick: int, is_used: bool) -> None:
        where, known = self._chosen(self._given(), pick)
        if is_used:
            self._use_up(where, known)
        self._staff(where, known, "take_back", OLIVE)

    @precondition(lambda self: self._rewards())
    @rule(pick=PICK, others=st.permutations([OLIVE, SERVER, OLIVE]))
    def everybody_approves(self, pick: int, others: list[Actor]) -> None:
        for by in others:
            self._staff(*self._reward(pick), "approve", by)

    @precondition(lambda self: self._acts())
    @rule(pick=PICK)
    def what_fails_begins_anew(self, pick: int) -> None:
        where, known = self._act(pick)
        self.the_provider_is_asked(pick, "refuse")
        self._staff(where, known, "reissue", OLIVE)
        self.everything_due_is_done(31)

    @precondition(lambda self: self._bought())
    @rule(pick=PICK, share=st.sampled_from([1, 2, 3]), is_used=st.booleans())
    def what_was_given_is_taken_back(self, pick: int, share: int, is_used: bool) -> None:
        """Let everything be given, perhaps used, and then a purchase be refunded."""
        self.everything_due_is_done(31)
        where, number = self._purchase(pick)
        for known in list(where.model.rewards) if is_used else []:
            if known.purchase is where.model.purchases[number]:
                self._use_up(where, known)
        self.refund(pick, share)
        self.everything_due_is_done(0)

    @rule(days=st.sampled_from([0, 1, 8, 15, 31, 91, 181]))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)
        for where in self.places:
            with within(where.business.id):
                outside.ripen_due(at=self.now)
                outside.expire_due(at=self.now)
            where.model.ripen(self.now)

    @precondition(lambda self: self._acts())
    @rule(pick=PICK, outcome=st.sampled_from(ANSWERS))
    def the_provider_is_asked(self, pick: int, outcome: str) -> None:
        self._ask(*self._act(pick), outcome)

    @precondition(lambda self: self._rewards())
    @rule(days=st.sampled_from([0, 31]))
    def everything_due_is_done(self, days: int) -> None:
        self.time_passes(days)
        for where, known in self._acts():
            self._ask(where, known, "done")

    @rule(place=PLACES, name=st.sampled_from(PEOPLE), amount=MONEY)
    def credit_is_spent(self, place: int, name: str, amount: int) -> None:
        self._spend(self.places[place], name, amount)

    @rule(place=PLACES, name=st.sampled_from(PEOPLE), amount=MONEY, change=st.integers(0, 5))
    def the_world_changes(self, place: int, name: str, amount: int, change: int) -> None:
        where = self.places[place]
        changes: list[Callable[[], None]] = [
            lambda: self._money_comes_in(where, amount),
            lambda: self._pays_for_themselves(where, name, amount),
            lambda: self._sets_up_an_account(where, name, is_ready=bool(amount % 2)),
            lambda: self._empties_the_account(where, name),
            lambda: fill_stock(where, 1 + amount % 2, at=self.now),
            lambda: self._pays_the_charity(where),
        ]
        changes[change]()

    @precondition(lambda self: self._given("gift"))
    @rule(pick=PICK)
    def a_code_is_looked_at(self, pick: int) -> None:
        where, known = self._chosen(self._given("gift"), pick)
        self._looks_at_the_code(where, known)

    @precondition(lambda self: self._rewards())
    @rule(pick=PICK, kind=st.sampled_from(TO_CHOOSE))
    def somebody_chooses(self, pick: int, kind: Kind) -> None:
        where, known = self._chosen(self._to_choose() or self._rewards(), pick)
        row = reward_of(where, known)
        self._both(
            where,
            lambda: choose(row, kind, None, actor=SERVER, at=self.now),
            lambda: where.model.choose(known, kind),
        )

    @precondition(lambda self: self._given("store_credit"))
    @rule(pick=PICK, amount=st.sampled_from([300, 800, 1700]))
    def an_order_is_paid_with_credit(self, pick: int, amount: int) -> None:
        where, known = self._chosen(self._given("store_credit"), pick)
        self._order(where, known.person, amount)

    @precondition(lambda self: self._orders())
    @rule(pick=PICK)
    def an_order_is_cancelled(self, pick: int) -> None:
        where, number = self._chosen(self._orders(), pick)
        with within(where.business.id), transaction():
            order = redemption_known(f"order-{number}")
            assert order
            reverse(order, actor=SERVER, at=self.now)
        where.model.cancel_order(number, self.now)

    @precondition(lambda self: self._given("refund"))
    @rule(pick=PICK)
    def a_refund_fails_at_the_bank(self, pick: int) -> None:
        where, known = self._chosen(self._given("refund"), pick)
        row = reward_of(where, known)
        with within(where.business.id), transaction():
            given = given_by(row)
            assert given
            where.bank.back[where.customer(known.person)] -= given.amount_minor
            journey.come_back(CameBack(str(given.object_id)), at=self.now)
        where.model.come_back(known)

    @rule(place=PLACES, number=PLACES, state=st.sampled_from(ProgramState), budget=MONEY)
    def the_program_is_changed(
        self, place: int, number: int, state: ProgramState, budget: int
    ) -> None:
        where = self.places[place]
        program, known = where.programs[number], where.model.programs[number]
        with within(where.business.id), transaction():
            session.refresh(program)
            if known.budget is not None:
                set_budget(program, budget)
                known.budget = budget
            if known.state != "closed":
                change_state(program, state)
                known.state = state

    @rule(place=PLACES, number=PLACES, pick=st.integers(0, len(OFFERS) - 1))
    def a_new_offer_is_published(self, place: int, number: int, pick: int) -> None:
        where = self.places[place]
        with within(where.business.id), transaction():
            publish(where, number, OFFERS[pick], at=self.now)


def histories(kind: Database, number: int, *, examples: int, steps: int) -> None:
    """Run random histories that a number chooses; the same number chooses the same ones."""
    machine = seed(number)(type("Chosen", (Histories,), {"kind": kind}))
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=chosen)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_history_breaks_a_promise(kind: Database, machine_examples: int) -> None:
    examples = machine_examples if kind == "sqlite" else max(1, machine_examples // 3)
    histories(kind, 20_261, examples=examples, steps=40)


@pytest.mark.slow
def test_no_fresh_history_breaks_a_promise(machine_examples: int, machine_seed: int) -> None:
    histories("sqlite", machine_seed, examples=max(1, machine_examples // 2), steps=40)
