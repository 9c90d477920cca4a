"""What customers and their banks do in the histories: come, buy, get money back, dispute."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from referral.domain import journey
from referral.domain.businesses import within
from referral.domain.links import Token, make_token
from referral.domain.people import live_together
from referral.domain.purchases import DisputeFact, DisputeOutcome, RefundFact
from referral.foundation.db import transaction
from referral.foundation.ids import key_at
from tests.machine.place import person_of
from tests.machine.things import Rate, Said, Touch
from tests.machine.town import Town
from tests.machine.world import ADVOCATES, FRIENDS, PEOPLE, buy, everything_of

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
        hours=st.sampled_from([0, 0, 0, 6, 72, 30 * 24]),
    )
    def sign_up(
        self,
        place: int,
        number: int,
        friend: str,
        picks: list[int],
        typed: str | None,
        hours: int = 0,
    ) -> None:
        """Sign somebody up, who may have done so hours ago."""
        where = self.places[place]
        self._sign_up(where, number, everything_of(friend), picks, typed, hours=hours)

    @rule(
        place=PLACES,
        friend=st.sampled_from(FRIENDS),
        gross=MONEY,
        hours=st.sampled_from([0, 0, 1, 6, 72]),
        currency=st.sampled_from([None, None, None, "usd", "jpy"]),
        is_renewal=st.booleans(),
    )
    def purchase(
        self,
        place: int,
        friend: str,
        gross: int,
        hours: int,
        currency: str | None,
        is_renewal: bool,
    ) -> None:
        self._buy(self.places[place], Said(mail=friend), gross, hours, currency, is_renewal)

    @rule(
        place=PLACES,
        number=PLACES,
        advocate=st.sampled_from(ADVOCATES),
        gross=st.sampled_from([12_000, 5_000]),
        currency=st.sampled_from([None, "usd", "jpy"]),
        is_rate_late=st.booleans(),
    )
    def friends_come_one_after_the_other(
        self,
        place: int,
        number: int,
        advocate: str,
        gross: int,
        currency: str | None,
        is_rate_late: bool,
    ) -> None:
        """Let three friends join by somebody's code and pay, perhaps before the rate is told."""
        if currency and not is_rate_late:
            self.a_rate_is_told(place, currency, "0.0625", 0, False)
        for friend in FRIENDS[:3]:
            self.sign_up(place, number, friend, [], advocate)
            self.purchase(place, friend, gross, 0, currency, True)
        if currency and is_rate_late:
            self.a_rate_is_told(place, currency, "16.025", 0, True)

    @precondition(lambda self: self._referrals())
    @rule(pick=PICK)
    def a_friend_turns_out_to_be_an_old_customer(self, pick: int) -> None:
        where, referral = self._chosen(self._referrals(), pick)
        self._buy(where, where.model.said_of(referral.friend), 5_000, 20_000, None, False)

    @rule(
        place=PLACES,
        currency=st.sampled_from(["usd", "jpy"]),
        told=st.sampled_from(["0.9231", "160.25", "0.00613", "1"]),
        days=st.sampled_from([0, 0, 3, 8, 31]),
        is_inverse=st.booleans(),
    )
    def a_rate_is_told(
        self, place: int, currency: str, told: str, days: int, is_inverse: bool
    ) -> None:
        where = self.places[place]
        pair = (where.currency, currency) if is_inverse else (currency, where.currency)
        self._tell_rate(where, Rate(*pair, (self.now - timedelta(days=days)).date(), told))

    @rule(
        place=PLACES,
        who=st.lists(st.sampled_from(PEOPLE), min_size=2, max_size=3, unique=True),
        household=st.sampled_from(["12 Elm Street", "3 Oak Road", ""]),
    )
    def people_live_together(self, place: int, who: list[str], household: str) -> None:
        where = self.places[place]
        for name in who:
            person = person_of(where, name)
            if person is not None:
                with within(where.business.id), transaction():
                    live_together(person, household)
                where.model.households[name] = household or name

    @precondition(lambda self: self._bought())
    @rule(pick=PICK, is_renewal=st.booleans())
    def the_same_purchase_again(self, pick: int, is_renewal: bool) -> None:
        where, bought = self._purchase(pick)
        buy(where, bought, bought.said, is_renewal=is_renewal, at=self.now)
        where.model.claimed(bought.said, self.now)
        if is_renewal:
            where.model.renewal(bought, self.now)

    @precondition(lambda self: self._bought())
    @rule(pick=PICK, share=st.sampled_from([1, 2, 3, 7]))
    def refund(self, pick: int, share: int) -> None:
        where, bought = self._purchase(pick)
        told = (where, bought, f"re_{len(self.refunds)}", bought.gross // share)
        self.refunds.append(told)
        self._refund(*told)

    @precondition(lambda self: self.refunds)
    @rule(pick=PICK, has_failed=st.booleans())
    def the_same_refund_again(self, pick: int, has_failed: bool) -> None:
        self._refund(*self.refunds[pick % len(self.refunds)], has_failed=has_failed)

    @precondition(lambda self: self._bought())
    @rule(pick=PICK, amount=MONEY)
    def the_charge_tells_a_total(self, pick: int, amount: int) -> None:
        where, bought = self._purchase(pick)
        self._tell(where, RefundFact((bought.key,), self.now, total_minor=amount))
        bought.charged = max(bought.charged, amount)
        where.model.refund(bought, self.now)

    @precondition(lambda self: self._bought())
    @rule(pick=PICK, outcome=st.sampled_from(DisputeOutcome), name=st.sampled_from(["a", "b"]))
    def dispute(self, pick: int, outcome: DisputeOutcome, name: str) -> None:
        where, bought = self._purchase(pick)
        keys, name_there = (bought.key,), f"dp_{bought.key}_{name}"
        fact = DisputeFact(keys, name_there, bought.gross, outcome, self.now)
        with within(where.business.id), transaction():
            journey.dispute(where.business, fact, at=self.now)
        where.model.dispute(bought, name, outcome)
        where.model.look_again(bought.friend, self.now)
