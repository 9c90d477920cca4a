"""Random histories of two businesses beside a plain model: both agree, and no promise breaks."""

from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, run_state_machine_as_test

from tests.databases import Kind as Database
from tests.machine.comparing import expected, written
from tests.machine.offers import TO_ADVOCATES, TO_FRIENDS
from tests.machine.running import ZONES
from tests.machine.serving import Serving
from tests.machine.world import ADVOCATES, FRIENDS, fill_stock, open_place

COFFEE: list[dict[str, Any]] = [
    {"budget": 5000, "first": True, "staff": False, "hold_days": 30, "household_cap": 2500},
    {"budget": None, "first": False, "staff": True, "hold_days": 0,
     "second_from": 700, "day_cap": 1500, "month_cap": 2000, "expire_days": 30},
]  # fmt: skip
BOOKS: list[dict[str, Any]] = [
    {
        "budget": 9000,
        "first": False,
        "staff": False,
        "hold_days": 7,
        "automatic_below": 250,
        "expire_days": 45,
    },
    {"budget": None, "first": True, "staff": False, "hold_days": 14, "household_cap": 4000},
]
OPENED = (("Coffee", "eur", COFFEE), ("Books", "kwd", BOOKS))


class Histories(Serving):
    """Everything people, banks, staff and the provider may do, in any order."""

    @invariant()
    def the_model_and_the_database_agree(self) -> None:
        """Compare the two businesses in turns, which is half the work; every tenth time both."""
        self.steps += 1
        is_tenth = self.steps % 10 == 0
        for place in self.places if is_tenth else self.places[self.steps % 2 :][:1]:
            assert written(place) == expected(place)
        if is_tenth:
            self._audit()

    @initialize(
        friends=st.permutations(FRIENDS[:3]),
        promised=st.lists(st.integers(0, len(TO_ADVOCATES) - 1), min_size=4, max_size=4),
        beside=st.lists(st.integers(0, len(TO_FRIENDS) - 1), min_size=4, max_size=4),
        strangers=st.permutations(["", *ADVOCATES]),
        zones=st.permutations(ZONES),
        is_late=st.booleans(),
    )
    def friends_come_by_links(
        self,
        friends: list[str],
        promised: list[int],
        beside: list[int],
        strangers: list[str],
        zones: list[str],
        is_late: bool,
    ) -> None:
        sides = iter(
            (TO_ADVOCATES[one], TO_FRIENDS[other])
            for one, other in zip(promised, beside, strict=True)
        )
        for (name, currency, rules), stranger in zip(OPENED, strangers, strict=False):
            offered = [{"offers": next(sides), **rule} for rule in rules]
            self.places.append(open_place(name, currency, self.now, offered, stranger=stranger))
        for place, friend in enumerate(friends[:2]):
            self.the_business_moves(place, zones[place])
            for number, name in enumerate(ADVOCATES):
                self.click(place, number, name)
                self._sets_up_an_account(self.places[place], name, is_ready=True)
                self._pays_for_themselves(self.places[place], name, 2_000)
            for number in (0, 1):
                self.sign_up(place, number, friend, [1 - number], None)
            self._money_comes_in(self.places[place], 12_000)
            fill_stock(self.places[place], 2, at=self.now)
            self.purchase(place, friend, 12_000, 0, None, True)
        if is_late:
            self.everything_due_is_done(31)


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
