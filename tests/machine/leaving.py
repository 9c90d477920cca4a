"""What is left to itself in the histories: given another way, told of, and ended."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from referral.domain.businesses import within
from referral.foundation.db import transaction
from tests.machine.buying import PICK, PLACES
from tests.machine.meeting import said
from tests.machine.offers import THAT_WAIT
from tests.machine.running import Running
from tests.machine.world import ADVOCATES, FRIENDS, STAFF, publish


class Leaving(Running):
    """People who do not come for what is theirs, and time that passes over it."""

    @rule(
        place=PLACES,
        number=PLACES,
        friend=st.sampled_from(FRIENDS),
        named=st.sampled_from(["own", "own", "mail own", "mail second"]),
        advocate=st.sampled_from(ADVOCATES),
        pick=st.integers(0, len(THAT_WAIT) - 1),
        days=st.sampled_from([0, 1, 17, 27]),
    )
    def something_waits_for_somebody(
        self,
        place: int,
        number: int,
        friend: str,
        named: str,
        advocate: str,
        pick: int,
        days: int,
    ) -> None:
        """Promise what needs its person, have it earned and approved, and let time pass."""
        where, who = self.places[place], said(friend, named)
        with within(where.business.id), transaction():
            publish(where, number, THAT_WAIT[pick], at=self.now)
        self._sign_up(where, number, who, [], advocate)
        self._buy(where, who, 12_000, 0, None, True)
        latest = [one for one in where.model.rewards if one.purchase is where.model.purchases[-1]]
        for reward in latest:
            for by in STAFF:
                self._staff(where, reward, "approve", by)
        for reward in [one for one in latest if one.act]:
            self._ask(where, reward, "done")
        self.time_passes(days)

    @precondition(lambda self: self._acts())
    @rule(days=st.sampled_from([15, 17, 27]), further=st.sampled_from([14, 15, 31]))
    def nobody_comes_for_it(self, days: int, further: int) -> None:
        """Let people be told of what ends, and then let it end."""
        for more in (0, days, further):
            self.time_passes(more)
            for where, known in self._waiting():
                self._ask(where, known, "done")

    @precondition(lambda self: self._ended())
    @rule(pick=PICK, share=st.sampled_from([1, 2]), has_failed=st.booleans())
    def what_has_ended_is_refunded(self, pick: int, share: int, has_failed: bool) -> None:
        """Refund a purchase whose reward ended unused, and perhaps have the refund fail."""
        where, known = self._chosen(self._ended(), pick)
        assert known.purchase
        told = (where, known.purchase, f"re_{len(self.refunds)}", known.purchase.gross // share)
        self.refunds.append(told)
        self._refund(*told)
        if known.act:
            self._ask(where, known, "done")
        if has_failed:
            self._refund(*told, has_failed=True)

    @precondition(lambda self: self._waiting())
    @rule(pick=PICK)
    def somebody_comes_at_last(self, pick: int) -> None:
        """Make a customer of somebody, with an account, when something waits for them."""
        where, known = self._chosen(self._waiting(), pick)
        named = where.model.said_of(known.person)
        if named.mail and named.mail in FRIENDS:
            self._introduce(self.places.index(where), said(named.mail, "mail second"))
            self._sets_up_an_account(where, named.mail, is_ready=True)
