"""How the histories name people: by mail, by an own id, by a customer, and by several at once.

So one person is met as two, and turns out to be one; sometimes too late for that.
"""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from referral.domain import journey
from tests.machine.buying import MONEY, PICK, PLACES, Buying
from tests.machine.place import identity_of
from tests.machine.things import OWN, Said
from tests.machine.world import ADVOCATES, FRIENDS, PEOPLE, SECOND, buy

NAMED = ["mail", "own", "customer", "second", "mail own", "mail second", "own second",
         "own customer", "mail own second"]  # fmt: skip
"""What is said of somebody; `second` is another customer than the one they sign up with."""
BY_BUSINESS = [one for one in NAMED if one not in ("customer", "second")]


def said(friend: str, named: str) -> Said:
    """Name a friend by some of what there is."""
    words = named.split()
    customer = friend if "customer" in words else friend + SECOND if "second" in words else None
    return Said(
        friend if "mail" in words else None, friend + OWN if "own" in words else None, customer
    )


class Meeting(Buying):
    """People who are told apart, and found to be one."""

    @rule(
        place=PLACES,
        number=PLACES,
        friend=st.sampled_from(FRIENDS),
        named=st.sampled_from(BY_BUSINESS),
        typed=st.sampled_from(ADVOCATES),
    )
    def somebody_signs_up_as(
        self, place: int, number: int, friend: str, named: str, typed: str
    ) -> None:
        self._sign_up(self.places[place], number, said(friend, named), [], typed)

    @rule(
        place=PLACES,
        friend=st.sampled_from(FRIENDS),
        named=st.sampled_from(NAMED),
        gross=MONEY,
        hours=st.sampled_from([0, 0, 72]),
        pick=st.none() | PICK,
    )
    def somebody_pays_as(
        self, place: int, friend: str, named: str, gross: int, hours: int, pick: int | None
    ) -> None:
        """Let somebody pay, perhaps with the token of a click."""
        where = self.places[place]
        known = [] if pick is None else [one for one in self.clicks if one[0] is where]
        _, token, touch = self._chosen(known, pick or 0) if known else (None, "", None)
        self._buy(where, said(friend, named), gross, hours, None, False, token, touch)

    @rule(place=PLACES, friend=st.sampled_from(PEOPLE), named=st.sampled_from(BY_BUSINESS))
    def the_business_knows_who(self, place: int, friend: str, named: str) -> None:
        self._introduce(place, said(friend, named))

    @rule(
        place=PLACES,
        number=PLACES,
        friend=st.sampled_from(FRIENDS),
        advocate=st.sampled_from(ADVOCATES),
        named=st.permutations(["mail", "own", "second"]),
        is_first=st.booleans(),
    )
    def two_records_become_one(
        self,
        place: int,
        number: int,
        friend: str,
        advocate: str,
        named: list[str],
        is_first: bool,
    ) -> None:
        """Have somebody referred by one name pay under another, before it is known who they are."""
        where, (one, other, _) = self.places[place], named
        signs = one if one != "second" else "own"
        if is_first:
            self._buy(where, said(friend, other), 5_000, 0, None, False)
        self._sign_up(where, number, said(friend, signs), [], advocate)
        self._buy(where, said(friend, other), 12_000, 0, None, True)
        self._introduce(place, said(friend, f"{signs} {other}"))

    @rule(
        place=PLACES,
        number=PLACES,
        friends=st.permutations(FRIENDS[:3]),
        named=st.sampled_from(NAMED),
        advocate=st.sampled_from(ADVOCATES),
    )
    def a_purchase_is_told_of_two(
        self, place: int, number: int, friends: list[str], named: str, advocate: str
    ) -> None:
        """Tell a purchase again, of somebody else: it stays with whoever it was told of first."""
        where, other = self.places[place], said(friends[1], named)
        self._sign_up(where, number, said(friends[1], "mail"), [], advocate)
        self.purchase(place, friends[0], 5_000, 0, None, False)
        bought = where.model.purchases[-1]
        buy(where, bought, other, is_renewal=True, at=self.now)
        where.model.claimed(other, self.now)
        where.model.renewal(bought, self.now)

    def _introduce(self, place: int, named: Said) -> None:
        where = self.places[place]
        self._both(
            where,
            lambda: journey.introduce(where.business, identity_of(where, named), at=self.now),
            lambda: where.model.introduce(named, self.now),
        )
