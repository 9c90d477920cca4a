"""What customers and their banks do in the histories: come, buy, get money back, dispute."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from referral.domain import journey
from referral.domain.attribution import Told
from referral.domain.businesses import within
from referral.domain.links import Token, make_token
from referral.domain.purchases import DisputeFact, DisputeOutcome, RefundFact
from referral.foundation.db import transaction
from referral.foundation.ids import key_at
from tests.machine.things import Purchase, Touch
from tests.machine.town import Town
from tests.machine.world import ADVOCATES, FRIENDS, buy, sign_up

PICK = st.integers(0, 2**16)
PLACES = st.integers(0, 1)
MONEY = st.sampled_from([12_000, 5_000, 777, 19_999, 99, 1, 0])


class Buying(Town):
    """Everything that is told of friends and their money, in any order and twice."""

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
