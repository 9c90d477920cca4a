"""What time, staff and the provider do in the histories, and what changes around them."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from referral.domain import journey
from referral.domain.businesses import within
from referral.domain.businesses.businesses import set_time_zone
from referral.domain.programs import Kind, ProgramState, change_state, set_budget
from referral.domain.purchases import CameBack
from referral.domain.rewards import reverse
from referral.domain.rewards.choosing import choose
from referral.domain.rewards.grants import given_by
from referral.domain.rewards.redemptions import redemption_known
from referral.foundation.db import session, transaction
from tests import provider as outside
from tests.machine.buying import MONEY, PICK, PLACES
from tests.machine.meeting import Meeting
from tests.machine.offers import OFFERS, TO_CHOOSE
from tests.machine.place import reward_of
from tests.machine.town import VERBS
from tests.machine.world import CUSTOMERS, PEOPLE, SERVER, STAFF, fill_stock, publish

ANSWERS = ["done", "done", "unheard", "refuse", "wrong", "lost", "absent"]
"""How an act ends: `unheard` has its effect and no answer, `lost` has neither."""

ZONES = ["Pacific/Auckland", "America/Los_Angeles", "UTC"]


class Running(Meeting):
    """Everything that becomes of rewards: decided, given, taken back, spent."""

    @precondition(lambda self: self._rewards())
    @rule(pick=PICK, verb=st.sampled_from(sorted(VERBS)), by=st.sampled_from(STAFF))
    def staff_acts(self, pick: int, verb: str, by: str) -> None:
        self._staff(*self._reward(pick), verb, by)

    @precondition(lambda self: self._owing())
    @rule(pick=PICK)
    def staff_forgive(self, pick: int) -> None:
        self._staff(*self._chosen(self._owing(), pick), "forgive", "olive")

    @precondition(lambda self: self._given())
    @rule(pick=PICK, is_used=st.booleans())
    def staff_take_back(self, pick: int, is_used: bool) -> None:
        where, known = self._chosen(self._given(), pick)
        if is_used:
            self._use_up(where, known)
        self._staff(where, known, "take_back", "olive")

    @precondition(lambda self: self._rewards())
    @rule(pick=PICK, others=st.permutations([*STAFF, "olive"]))
    def everybody_approves(self, pick: int, others: list[str]) -> None:
        for by in others:
            self._staff(*self._reward(pick), "approve", by)

    @precondition(lambda self: self._acts())
    @rule(pick=PICK)
    def what_fails_begins_anew(self, pick: int) -> None:
        where, known = self._act(pick)
        self.the_provider_is_asked(pick, "refuse")
        self._staff(where, known, "reissue", "olive")
        self.everything_due_is_done(31)

    @precondition(lambda self: self._bought())
    @rule(pick=PICK, share=st.sampled_from([1, 2, 3]), is_used=st.booleans())
    def what_was_given_is_taken_back(self, pick: int, share: int, is_used: bool) -> None:
        """Let everything be given, perhaps used, and then a purchase be refunded."""
        self.everything_due_is_done(31)
        where, bought = self._purchase(pick)
        for known in list(where.model.rewards) if is_used else []:
            if known.purchase is bought:
                self._use_up(where, known)
        self.refund(pick, share)
        self.everything_due_is_done(0)

    @rule(days=st.sampled_from([0, 1, 8, 15, 31, 91, 181]))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)
        for where in self.places:
            with within(where.business.id):
                outside.count_due(at=self.now)
                where.bank.look_at_codes(at=self.now)
                outside.ripen_due(at=self.now)
                outside.expire_due(at=self.now)
            where.model.pass_time(self.now)

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

    @rule(place=PLACES, name=st.sampled_from(CUSTOMERS), amount=MONEY)
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
            where.bank.back[where.customer(known.customer)] -= given.amount_minor
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

    @rule(place=PLACES, zone=st.sampled_from(ZONES))
    def the_business_moves(self, place: int, zone: str) -> None:
        """Have its days and months begin elsewhere; what was counted stays where it was."""
        where = self.places[place]
        with within(where.business.id), transaction():
            set_time_zone(where.business, zone)
        where.model.zone = zone

    @rule(place=PLACES, number=PLACES, pick=st.integers(0, len(OFFERS) - 1))
    def a_new_offer_is_published(self, place: int, number: int, pick: int) -> None:
        where = self.places[place]
        with within(where.business.id), transaction():
            publish(where, number, OFFERS[pick], at=self.now)
