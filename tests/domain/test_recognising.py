"""Whatever is told of somebody first, they are one person, and whoever sent them is thanked."""

from collections.abc import Callable
from itertools import permutations

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.attribution import Told
from referral.domain.businesses import within
from referral.domain.people import Identity, Person
from referral.domain.people.people import IdentityConflict
from referral.domain.programs import Program, Trigger
from referral.domain.purchases import Claim, CustomerFact, PurchaseFact
from referral.domain.rewards import Reward
from referral.foundation.db import session, transaction
from tests.cast import credit, open_shop
from tests.machine.threads import while_open

pytestmark = pytest.mark.usefixtures("audited")
Step = Callable[[], object]


class Friend:
    """Bob, known to Stripe as cus_bob with an address, and to the shop as bob-1."""

    def __init__(self) -> None:
        self.shop = open_shop(advocate=credit(trigger=Trigger.PURCHASE))
        self.program_id = self.shop.program.id
        self.token = self.shop.click(self.shop.link_of(self.shop.customer("alice")))
        self.shop.later(hours=1)

    def customer(self) -> None:
        self._tell(Claim(customer_id="cus_bob", email="bob@mail.example"))

    def nameless(self) -> None:
        self._tell(Claim(customer_id="cus_bob"))

    def _tell(self, claim: Claim) -> None:
        with within(self.shop.business.id), transaction():
            journey.tell_customer(
                self.shop.business, CustomerFact(claim, self.shop.now), at=self.shop.now
            )

    def signs_up(self, **named: str) -> journey.Joined:
        identity = Identity.read(**{"external_id": "bob-1", **named})
        with within(self.shop.business.id), transaction():
            told, program = Told(tokens=(self.token,)), session.get_one(Program, self.program_id)
            return journey.join(self.shop.business, program, identity, told, at=self.shop.now)

    def pays(self, claim: Claim, key: str = "pi_1") -> None:
        fact = PurchaseFact(claim, (key,), 12000, 2000, "eur", self.shop.now)
        with within(self.shop.business.id), transaction():
            journey.buy(self.shop.business, fact, at=self.shop.now)

    def rewards(self) -> list[int]:
        session.rollback()
        with within(self.shop.business.id):
            return list(
                session.scalars(select(Reward.amount_minor).where(Reward.side == "advocate"))
            )

    def people(self) -> list[tuple[str | None, str | None]]:
        session.rollback()
        with within(self.shop.business.id):
            query = select(Person.external_id, Person.email).order_by(Person.email)
            return [(own, email) for own, email in session.execute(query)]


ALICE = (None, "alice@mail.example")
BOB = ("bob-1", "bob@mail.example")


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_own_id_says_who_pays_whatever_came_first(app: Flask, order: tuple[int, ...]) -> None:
    bob = Friend()
    session_of_bob = Claim(customer_id="cus_bob", email="bob@mail.example", external_id="bob-1")
    steps: list[Step] = [bob.customer, bob.signs_up, lambda: bob.pays(session_of_bob)]
    for number in order:
        steps[number]()
    assert bob.rewards() == [1000]
    assert [own for own, _ in bob.people() if own] == ["bob-1"]
    assert len(bob.people()) == 2
    bob.pays(Claim(customer_id="cus_bob"), "in_2")
    assert bob.rewards() == [1000, 1000]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_two_halves_of_a_person_become_one_when_both_are_named(
    app: Flask, order: tuple[int, ...]
) -> None:
    bob = Friend()
    steps: list[Step] = [
        lambda: bob.pays(Claim(external_id="bob-1"), "own-1"),
        lambda: bob.pays(Claim(email="bob@mail.example"), "pi_1"),
        lambda: bob.signs_up(email="bob@mail.example"),
    ]
    for number in order:
        steps[number]()
    assert bob.rewards() == [1000, 1000]
    assert bob.people() == [ALICE, BOB]


def test_a_payment_for_somebody_else_leaves_the_customer_whose_it_was(app: Flask) -> None:
    bob = Friend()
    with within(bob.shop.business.id), transaction():
        payer = Identity.read(external_id="pat-1", stripe_customer_id="cus_pat")
        journey.introduce(bob.shop.business, payer, at=bob.shop.now)
    bob.signs_up()
    bob.pays(Claim(customer_id="cus_pat", external_id="bob-1"))
    assert bob.rewards() == [1000]
    bob.pays(Claim(customer_id="cus_pat"), "in_2")
    assert bob.rewards() == [1000]
    bob.pays(Claim(customer_id="cus_pat", external_id="new-1"), "in_3")
    assert {own for own, _ in bob.people()} == {None, "pat-1", "bob-1", "new-1"}


def test_a_nameless_friend_who_turns_out_to_be_known_stays_referred(app: Flask) -> None:
    bob = Friend()
    claim = Claim(customer_id="cus_bob", tokens=(f"wom_{bob.token}",))
    bob.pays(claim)
    assert bob.rewards() == [1000]
    with within(bob.shop.business.id), transaction():
        journey.introduce(bob.shop.business, Identity.read(email=BOB[1]), at=bob.shop.now)
    bob.customer()
    assert bob.people() == [ALICE, (None, BOB[1])]
    assert bob.rewards() == [1000]


def test_two_who_were_both_referred_stay_two(app: Flask) -> None:
    bob = Friend()
    bob.signs_up()
    bob.shop.signup("bob", token=bob.token)
    with pytest.raises(IdentityConflict):
        bob.signs_up(email="bob@mail.example")
    assert len(bob.people()) == 3


def test_an_address_typed_at_a_checkout_unites_nobody(app: Flask) -> None:
    bob = Friend()
    bob.signs_up()
    with within(bob.shop.business.id), transaction():
        victim = Identity.read(email="victor@mail.example")
        journey.introduce(bob.shop.business, victim, at=bob.shop.now)
    bob.pays(Claim(customer_id="cus_bob", email="victor@mail.example", external_id="bob-1"))
    assert ("bob-1", None) in bob.people()
    assert (None, "victor@mail.example") in bob.people()


def test_two_calls_that_unite_at_the_same_time_make_one_person(app: Flask) -> None:
    bob = Friend()
    bob.pays(Claim(external_id="bob-1"), "own-1")
    bob.pays(Claim(email="bob@mail.example"), "pi_1")

    def unite() -> None:
        identity = Identity.read(external_id="bob-1", email="bob@mail.example")
        with within(bob.shop.business.id):
            journey.introduce(bob.shop.business, identity, at=bob.shop.now)

    while_open(app, unite, lambda: bob.signs_up(email="bob@mail.example"))
    assert bob.people() == [ALICE, BOB]


def test_a_purchase_told_again_of_somebody_else_earns_their_advocate_nothing(app: Flask) -> None:
    friend = Friend()
    friend.signs_up(email="bob@mail.example")
    anna = friend.shop.link_of(friend.shop.customer("anna"))
    friend.shop.signup("ben", token=friend.shop.click(anna))
    friend.shop.later(hours=1)
    friend.pays(Claim(external_id="bob-1"))
    told = Claim(email="ben@mail.example")
    fact = PurchaseFact(told, ("pi_1",), 12000, 2000, "eur", friend.shop.now, is_renewal=True)
    with within(friend.shop.business.id), transaction():
        journey.buy(friend.shop.business, fact, at=friend.shop.now)
    assert friend.rewards() == [1000]


def test_of_two_records_nothing_sets_apart_the_older_one_stays(app: Flask) -> None:
    shop = Friend().shop
    with within(shop.business.id), transaction():
        met = [
            journey.introduce(shop.business, Identity.read(**named), at=shop.now)[0].id
            for named in ({"email": "bob@mail.example"}, {"external_id": "bob-1"})
        ]
        both = Identity.read(external_id="bob-1", email="bob@mail.example")
        kept, is_new = journey.introduce(shop.business, both, at=shop.now)
    assert (kept.id, is_new) == (met[0], False)
