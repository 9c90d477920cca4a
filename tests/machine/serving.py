"""Gifts of the businesses' own servers in the histories: asked for, and what is said of them."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from referral.domain.businesses import within
from referral.domain.rewards.gift_confirmations import Word
from referral.domain.rewards.gift_requests import accept, request_of
from referral.foundation.db import transaction
from tests.machine.buying import PICK
from tests.machine.leaving import Leaving
from tests.machine.place import Place, reward_of
from tests.machine.things import Reward
from tests.machine.town import FULFILLED, SOLD_OUT
from tests.machine.world import STAFF


class Serving(Leaving):
    """A server that gives, refuses, says so later, or is not heard, and says it again."""

    @precondition(lambda self: self._requested())
    @rule(
        pick=PICK,
        word=st.sampled_from([FULFILLED, FULFILLED, SOLD_OUT]),
        is_accepted=st.booleans(),
        by_staff=st.booleans(),
    )
    def a_gift_is_confirmed(self, pick: int, word: Word, is_accepted: bool, by_staff: bool) -> None:
        """Say what became of a gift, in time or long after it was asked for, and mostly again."""
        where, known = self._chosen(self._requested(), pick)
        for by in STAFF if known.state == "pending" else ():
            self._staff(where, known, "approve", by)
        if known.act and not known.sent:
            self._ask(where, known, "lost")
        row = reward_of(where, known)
        with within(where.business.id):
            request = request_of(row)
        if request is None:
            return
        if is_accepted and known.sent and not known.was_confirmed:
            with within(where.business.id), transaction():
                accept(request, at=self.now)
            known.is_accepted = True
        for _ in range(2):
            self._say_of_gift(where, known, request, word, by_staff=by_staff)

    def _requested(self) -> list[tuple[Place, Reward]]:
        """List the gifts of a server, and first of all those it said nothing of yet."""
        found = [one for one in self._rewards() if one[1].is_requested]
        return [one for one in found if one[1].is_open or one[1].sent] or found
