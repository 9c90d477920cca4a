"""What the histories are made of: two businesses, how to choose in them, and how things happen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from referral.domain import journey
from referral.domain.attribution import Told
from referral.domain.businesses import within
from referral.domain.currencies import RateTerms
from referral.domain.people.payees import keep_payee
from referral.domain.purchases import RefundFact
from referral.domain.rewards import redeem
from referral.domain.rewards.charities import charities, mark_paid
from referral.domain.rewards.gift_confirmations import Verdict, Word, confirm
from referral.domain.rewards.gifts import show_code
from referral.domain.rewards.grants import Done, given_by
from referral.foundation.db import transaction
from referral.foundation.errors import Refusal
from referral.foundation.money import Money
from tests import provider as outside
from tests.machine.bank import TooLittleMoney
from tests.machine.picking import Picking
from tests.machine.place import Place, grant_of, person_of, reward_of
from tests.machine.things import Purchase, Rate, Refused, Reward, Said, Touch
from tests.machine.world import SECOND, SERVER, buy, sign_up

VERBS: dict[str, Callable[..., object]] = {
    "hold": journey.hold_reward,
    "release": journey.release_reward,
    "approve": journey.approve_reward,
    "deny": journey.deny_reward,
    "reissue": journey.reissue_reward,
    "take_back": journey.take_back_reward,
    "forgive": journey.forgive_debt,
    "extend": journey.extend_reward,
}
FULFILLED = Word(Verdict.FULFILLED, reference="gift-4711")
SOLD_OUT = Word(Verdict.REFUSED, reason="Sold out for good.")


class Town(Picking):
    """Two businesses beside their models; every deed is done in both."""

    def _sign_up(
        self,
        where: Place,
        number: int,
        said: Said,
        picks: list[int],
        typed: str | None,
        *,
        hours: int = 0,
    ) -> None:
        """Sign somebody up with some of the latest clicks, perhaps a code, and perhaps late."""
        self._tick()
        known = [one for one in self.clicks if one[0] is where]
        brought = [known[-1 - pick % len(known)] for pick in picks if known]
        touches = [touch for _, _, touch in brought]
        program = where.model.programs[number]
        occurred_at = self.now - timedelta(hours=hours)
        touches += [Touch(program, typed, occurred_at, 2)] if typed else []
        code = where.links[number, typed].code if typed else None
        told = Told(tokens=tuple(token for _, token, _ in brought), code=code)

        def same() -> None:
            friend = where.model.meet(said, self.now)
            where.model.sign_up(program, friend, touches, occurred_at, told_at=self.now)

        self._both(
            where,
            lambda: sign_up(where, number, said, told, at=self.now, occurred_at=occurred_at),
            same,
        )

    def _buy(
        self,
        where: Place,
        said: Said,
        gross: int,
        hours: int,
        currency: str | None,
        is_renewal: bool,
        token: str = "",
        touch: Touch | None = None,
    ) -> None:
        """Let somebody pay, perhaps with the token of a link, which signs them up."""
        self._tick()
        bought = Purchase(
            "",
            gross,
            gross // 6,
            self.now - timedelta(hours=hours),
            currency or where.currency,
            f"in_{len(where.model.purchases)}",
            said,
            is_renewal,
        )
        tokens = (token,) if token else ()
        buy(where, bought, said, *tokens, is_renewal=is_renewal, at=self.now)
        bought.friend = where.model.claimed(said, self.now)
        if touch:
            where.model.sign_up_once(touch, bought.friend, self.now)
        where.model.buy(bought, self.now)

    def _ask(self, where: Place, known: Reward, outcome: str) -> None:
        grant = grant_of(where, known)
        with within(where.business.id):
            is_sent = outside.prepare(grant, where.bank, at=self.now)
            where.model.prepare(known, self.now)
            assert is_sent == known.sent
            if is_sent:
                self._answer(where, known, grant, outcome)

    def _answer(self, where: Place, known: Reward, grant: Any, outcome: str) -> None:
        """Let an act end; what had its effect already is found there, whatever comes next."""
        rules = where.model
        if known.is_requested:
            self._server_answers(where, known, grant, outcome)
            return
        if known.is_done and outcome in ("refuse", "absent"):
            outcome = "done"
        if outcome in ("done", "unheard"):
            self._have_effect(where, known, grant, is_heard=outcome == "done")
        elif outcome == "refuse":
            outside.refuse(grant, at=self.now)
            rules.refuse(known)
        elif outcome == "absent":
            outside.find_nothing(grant, at=self.now)
            rules.lose(known)
        elif outcome == "wrong":
            asked = grant.parameters
            meant = Done("obj_wrong", asked["amount"], grant.currency, "cus_x", {})
            assert not outside.answer(grant, meant, at=self.now)
            rules.mistake(known)

    def _server_answers(self, where: Place, known: Reward, grant: Any, outcome: str) -> None:
        """Let the business's own server answer; anything but a word of its own changes nothing."""
        if outcome in ("done", "unheard"):
            where.model.happen(known, self.now)
        if outcome == "done" or (outcome == "refuse" and known.is_done):
            self._say_of_gift(where, known, grant, FULFILLED)
        elif outcome == "refuse":
            self._say_of_gift(where, known, grant, SOLD_OUT)

    def _say_of_gift(
        self, where: Place, known: Reward, grant: Any, word: Word, *, by_staff: bool = False
    ) -> None:
        """Say what became of a gift; the first word counts."""
        self._both(
            where,
            lambda: confirm(grant, word, at=self.now, by_staff=by_staff),
            lambda: where.model.confirm(known, word.reason, self.now, by_staff=by_staff),
        )

    def _have_effect(self, where: Place, known: Reward, grant: Any, *, is_heard: bool) -> None:
        """Do an act at the bank; for want of money a gift waits, and a taking stands as a debt."""
        has_money = where.model.happen(known, self.now)
        try:
            done = where.bank.send(grant)
        except TooLittleMoney:
            assert not has_money
            if known.act == "take":
                outside.refuse(grant, at=self.now)
                where.model.refuse(known)
            else:
                outside.find_nothing(grant, at=self.now)
                where.model.lose(known)
            return
        assert has_money
        if is_heard:
            assert outside.answer(grant, done, at=self.now)
            where.model.finish(known, self.now)

    def _staff(self, where: Place, known: Reward, verb: str, by: str) -> None:
        """Let somebody do something with a reward."""
        row, actor = reward_of(where, known), self.team[by]
        self._both(
            where,
            lambda: VERBS[verb](row, actor=actor, reason="No.", at=self.now),
            lambda: getattr(where.model, verb)(known, by),
        )

    @staticmethod
    def _both(where: Place, act: Callable[[], object], same: Callable[[], object]) -> None:
        """Do something here and in the model; both allow it, or refuse it by one name."""
        refused = wanted = None
        try:
            with within(where.business.id), transaction():
                act()
        except Refusal as refusal:
            refused = type(refusal).__name__
        try:
            same()
        except Refused as refusal:
            wanted = str(refusal)
        assert refused == wanted

    @staticmethod
    def _spend(where: Place, name: str, amount: int) -> None:
        credit = where.model.credit.of
        credit[name] -= min(amount, credit[name])
        where.bank.credit[where.customer(name)] = credit[name]

    @staticmethod
    def _money_comes_in(where: Place, amount: int) -> None:
        where.bank.balance += amount
        where.model.accounts.balance += amount

    @staticmethod
    def _pays_for_themselves(where: Place, name: str, amount: int) -> None:
        for one in (name, name + SECOND):
            where.bank.paid[where.customer(one)] = where.model.payments.last[one] = amount

    def _sets_up_an_account(self, where: Place, name: str, *, is_ready: bool) -> None:
        person, account = person_of(where, name), where.account(name)
        if person is not None:
            with within(where.business.id), transaction():
                keep_payee(person, account, "DE", at=self.now)
            where.bank.ready[account] = where.model.accounts.ready[name] = is_ready

    @staticmethod
    def _empties_the_account(where: Place, name: str) -> None:
        where.bank.empty.add(where.account(name))
        where.model.accounts.moved_on.add(name)

    def _pays_the_charity(self, where: Place) -> None:
        owed = sum(where.model.donations.owed.values())
        if owed:
            with within(where.business.id), transaction():
                (charity,) = charities()
                mark_paid(charity, Money(owed, where.currency), reference="1", at=self.now)
            where.model.donations.pay()

    def _looks_at_the_code(self, where: Place, known: Reward) -> None:
        if known in where.model.gifts.out:
            row = reward_of(where, known)
            with within(where.business.id), transaction():
                show_code(row, at=self.now)
            where.model.gifts.out[known] = True

    @staticmethod
    def _uses_the_code(where: Place, known: Reward) -> None:
        row = reward_of(where, known)
        with within(where.business.id):
            given = given_by(row)
        assert given is not None
        is_over = known.code is not None and known.code.use_by <= where.model.now
        if not known.sent and not is_over:
            where.bank.used.add(str(given.object_id))
            where.model.codes.used.add(known)

    def _use_up(self, where: Place, known: Reward) -> None:
        """Let somebody use what they were given, so that it cannot be taken back."""
        uses: dict[str, Callable[[], None]] = {
            "account_credit": lambda: self._spend(where, known.customer, 500),
            "cash": lambda: self._empties_the_account(where, known.person),
            "discount": lambda: self._uses_the_code(where, known),
            "gift": lambda: self._looks_at_the_code(where, known),
            "charity": lambda: self._pays_the_charity(where),
            "store_credit": lambda: self._order(where, known.person, 300),
        }
        if known.state == "granted" and known.kind in uses:
            uses[known.kind]()

    def _order(self, where: Place, name: str, amount: int) -> None:
        person, order = person_of(where, name), f"order-{len(where.model.lots.orders)}"
        assert person
        price = Money(amount, where.currency)
        self._both(
            where,
            lambda: redeem(person, order, price, actor=SERVER, at=self.now),
            lambda: where.model.lots.spend(name, amount, self.now),
        )

    def _tell_rate(self, where: Place, rate: Rate) -> None:
        """Tell a rate, and let what waited for it be judged."""
        terms = RateTerms(rate.base, rate.quote, rate.told, rate.day, "The bank")
        self._both(
            where,
            lambda: journey.tell_rates(where.business, [terms], at=self.now),
            lambda: where.model.tell_rate(rate),
        )
        with within(where.business.id):
            outside.judge_due(at=self.now)

    def _tick(self) -> None:
        self.now += timedelta(seconds=1)

    def _refund(
        self, where: Place, bought: Purchase, name: str, amount: int, *, has_failed: bool = False
    ) -> None:
        fact = RefundFact(
            (bought.key,),
            self.now,
            refund_id=name,
            amount_minor=amount,
            has_failed=has_failed,
        )
        self._tell(where, fact)
        bought.refunds[name] = amount
        if has_failed:
            bought.failed.add(name)
        where.model.refund(bought, self.now)

    def _tell(self, where: Place, fact: RefundFact) -> None:
        with within(where.business.id), transaction():
            journey.refund(where.business, fact, at=self.now)
