"""Random histories of two businesses beside a plain model: both agree, and no promise breaks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from referral import create_app
from referral.domain import journey
from referral.domain.attribution import Told
from referral.domain.businesses import Actor, within
from referral.domain.links import Token, make_token
from referral.domain.programs import ProgramState, change_state, set_budget
from referral.domain.purchases import DisputeFact, DisputeOutcome, RefundFact
from referral.domain.reports.auditor import audit
from referral.foundation.db import db, session, transaction
from referral.foundation.errors import Refusal
from referral.foundation.ids import key_at
from tests import provider as outside
from tests.cast import NOON
from tests.databases import Kind, cloned_database, drop_database
from tests.fixtures import migrate, settings_for
from tests.machine import model
from tests.machine.world import (
    ADVOCATES,
    FRIENDS,
    OFFERS,
    OLIVE,
    SERVER,
    Place,
    buy,
    expected,
    grant_of,
    open_place,
    publish,
    reward_of,
    sign_up,
    written,
)

COFFEE = [
    {"offers": (0, 1), "budget": 5000, "first": True, "staff": False, "hold_days": 30},
    {"offers": (2, 3), "budget": None, "first": False, "staff": True, "hold_days": 0,
     "second_from": 700, "day_cap": 1500, "month_cap": 2000},
]  # fmt: skip
BOOKS = [
    {"offers": (4, 5), "budget": 2000, "first": False, "staff": False, "hold_days": 7,
     "automatic_below": 250},
    {"offers": (6, 7), "budget": None, "first": True, "staff": False, "hold_days": 14},
]  # fmt: skip
PICK = st.integers(0, 2**16)
PLACES = st.integers(0, 1)
MONEY = st.sampled_from([12_000, 5_000, 777, 19_999, 99, 1, 0])
VERBS = ("hold", "release", "approve", "approve", "deny", "reissue")


class Histories(RuleBasedStateMachine):
    """Everything people, banks, staff and the provider may do, in any order."""

    kind: ClassVar[Kind] = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.url = cloned_database(self.kind, migrate=migrate)
        self.context = create_app(settings_for(self.url)).app_context()
        self.context.push()
        self.now = NOON
        self.provider = outside.Provider()
        self.places = [open_place("Coffee", NOON, COFFEE), open_place("Books", NOON, BOOKS)]
        self.clicks: list[tuple[Place, str, model.Touch]] = []
        self.refunds: list[tuple[Place, int, str, int]] = []
        self.steps = 0

    def teardown(self) -> None:
        self._audit()
        session.remove()
        db.engine.dispose()
        self.context.pop()
        drop_database(self.url)

    @invariant()
    def the_model_and_the_database_agree(self) -> None:
        for place in self.places:
            assert written(place, self.provider) == expected(place)
        self.steps += 1
        if self.steps % 5 == 0:
            self._audit()

    @staticmethod
    def _audit() -> None:
        report = audit(NOON)
        assert [str(found) for found in report.violations] == []

    @initialize(friends=st.permutations(FRIENDS[:3]))
    def friends_come_by_links(self, friends: list[str]) -> None:
        for place, friend in enumerate(friends[:2]):
            for number in (0, 1):
                self.click(place, number, ADVOCATES[number])
            for number in (0, 1):
                self.sign_up(place, number, friend, [1 - number], None)
            self.purchase(place, friend, 12_000, 0)

    @rule(place=PLACES, number=PLACES, advocate=st.sampled_from(ADVOCATES))
    def click(self, place: int, number: int, advocate: str) -> None:
        where = self.places[place]
        self._tick()
        token = make_token(Token(where.links[number, advocate].id, key_at(self.now)))
        touch = model.Touch(where.model.programs[number], advocate, self.now, 1)
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
            touches.append(model.Touch(program, typed, self.now, 2))
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
        bought = model.Purchase(friend, gross, gross // 6, self.now - timedelta(hours=hours))
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
    @rule(pick=PICK, verb=st.sampled_from(VERBS), by=st.sampled_from([OLIVE, SERVER]))
    def staff_acts(self, pick: int, verb: str, by: Actor) -> None:
        self._staff(*self._reward(pick), verb, by)

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
        self.everything_due_is_done()

    @rule(days=st.sampled_from([0, 1, 8, 15, 31, 91, 181]))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)
        for where in self.places:
            with within(where.business.id):
                outside.ripen_due(at=self.now)
            where.model.ripen(self.now)

    @precondition(lambda self: self._acts())
    @rule(pick=PICK, outcome=st.sampled_from(["done", "done", "refuse", "wrong", "lost", "absent"]))
    def the_provider_is_asked(self, pick: int, outcome: str) -> None:
        self._ask(*self._act(pick), outcome)

    def _ask(self, where: Place, known: model.Reward, outcome: str) -> None:
        if known.act == "thanks" and known.holds:
            return
        grant = grant_of(where, known)
        with within(where.business.id):
            is_sent = outside.prepare(grant, self.provider, at=self.now)
            where.model.prepare(known)
            assert is_sent == known.sent
            if is_sent:
                self._answer(where.model, known, grant, outcome)

    @precondition(lambda self: self._rewards())
    @rule()
    def everything_due_is_done(self) -> None:
        self.time_passes(31)
        for where, known in self._acts():
            self._ask(where, known, "done")

    @rule(place=PLACES, name=st.sampled_from([*ADVOCATES, *FRIENDS]), amount=MONEY)
    def credit_is_spent(self, place: int, name: str, amount: int) -> None:
        where = self.places[place]
        spent = min(amount, where.model.credit[name])
        where.model.credit[name] -= spent
        self.provider.credit[where.customer(name)] = where.model.credit[name]

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

    @rule(place=PLACES, number=PLACES, pick=st.sampled_from(OFFERS))
    def a_new_offer_is_published(self, place: int, number: int, pick: model.Offer) -> None:
        where = self.places[place]
        with within(where.business.id), transaction():
            publish(where, number, pick, at=self.now)

    def _answer(self, rules: model.Model, known: model.Reward, grant: Any, outcome: str) -> None:
        if outcome == "done":
            assert outside.answer(grant, self.provider.send(grant), at=self.now)
            rules.finish(known)
        elif outcome == "refuse":
            outside.refuse(grant, at=self.now)
            rules.refuse(known)
        elif outcome == "absent":
            outside.find_nothing(grant, at=self.now)
            rules.lose(known)
        elif outcome == "wrong":
            meant = outside.Provider().send(grant)
            assert not outside.answer(grant, replace(meant, recipient="cus_x"), at=self.now)
            rules.mistake(known)

    def _staff(self, where: Place, known: model.Reward, verb: str, by: Actor) -> None:
        """Let somebody do something with a reward; both allow it, or refuse it by one name."""
        row = reward_of(where, known)
        act: Callable[..., None] = getattr(journey, f"{verb}_reward")
        refused = wanted = None
        try:
            with within(where.business.id), transaction():
                act(row, actor=by, reason="No.", at=self.now)
        except Refusal as refusal:
            refused = type(refusal).__name__
        try:
            getattr(where.model, verb)(known, *([by.kind] if verb == "approve" else []))
        except model.Refused as refusal:
            wanted = str(refusal)
        assert refused == wanted

    def _tick(self) -> None:
        self.now += timedelta(seconds=1)

    def _bought(self) -> list[tuple[Place, int]]:
        return [
            (place, number)
            for place in getattr(self, "places", [])
            for number in range(len(place.keys))
        ]

    def _purchase(self, pick: int) -> tuple[Place, int]:
        bought = self._bought()
        return bought[pick % len(bought)]

    def _rewards(self) -> list[tuple[Place, model.Reward]]:
        return [
            (place, reward)
            for place in self.places
            for reward in place.model.rewards
            if not reward.superseded
        ]

    def _reward(self, pick: int) -> tuple[Place, model.Reward]:
        rewards = self._rewards()
        return rewards[pick % len(rewards)]

    def _acts(self) -> list[tuple[Place, model.Reward]]:
        return [(place, reward) for place, reward in self._rewards() if reward.act]

    def _act(self, pick: int) -> tuple[Place, model.Reward]:
        acts = self._acts()
        return acts[pick % len(acts)]

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


def histories(kind: Kind, number: int, *, examples: int, steps: int) -> None:
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
def test_no_history_breaks_a_promise(kind: Kind, machine_examples: int) -> None:
    examples = machine_examples if kind == "sqlite" else max(1, machine_examples // 3)
    histories(kind, 20_261, examples=examples, steps=40)


@pytest.mark.slow
def test_no_fresh_history_breaks_a_promise(machine_examples: int, machine_seed: int) -> None:
    histories("sqlite", machine_seed, examples=max(1, machine_examples // 2), steps=40)
