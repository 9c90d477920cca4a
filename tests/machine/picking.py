"""Two businesses side by side with their models, and how to choose something in them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, TypeVar

from hypothesis.stateful import RuleBasedStateMachine

from referral import create_app
from referral.domain.reports.auditor import audit
from referral.foundation.db import db, session
from tests.cast import NOON
from tests.databases import Kind as Database
from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate, settings_for
from tests.machine.place import Place
from tests.machine.things import Purchase, Referral, Reward, Touch
from tests.machine.world import staff

T = TypeVar("T")


class Picking(RuleBasedStateMachine):
    """A database of its own, the two businesses in it, and what there is to choose among."""

    kind: ClassVar[Database] = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.url = cloned_database(self.kind, migrate=migrate)
        self.context = create_app(settings_for(self.url)).app_context()
        self.context.push()
        self._now = NOON
        self.team = staff()
        self.places: list[Place] = []
        self.clicks: list[tuple[Place, str, Touch]] = []
        self.refunds: list[tuple[Place, Purchase, str, int]] = []
        self.steps = 0

    @property
    def now(self) -> datetime:
        return self._now

    @now.setter
    def now(self, moment: datetime) -> None:
        """Let time pass, for the models too."""
        self._now = moment
        for where in self.places:
            where.model.now = moment

    def teardown(self) -> None:
        self._audit()
        session.remove()
        db.engine.dispose()
        self.context.pop()
        drop_database(self.url)

    @staticmethod
    def _audit() -> None:
        report = audit(NOON)
        assert not report.violations, [str(one) for one in report.violations]

    def _bought(self) -> list[tuple[Place, Purchase]]:
        return [(place, purchase) for place in self.places for purchase in place.model.purchases]

    def _purchase(self, pick: int) -> tuple[Place, Purchase]:
        """Choose a purchase; mostly one that earned something."""
        earning = [
            (place, purchase)
            for place, purchase in self._bought()
            if any(one.purchase is purchase for one in place.model.rewards)
        ]
        return self._chosen(earning if earning and pick % 5 else self._bought(), pick)

    def _rewards(self) -> list[tuple[Place, Reward]]:
        return [
            (place, reward)
            for place in self.places
            for reward in place.model.rewards
            if not reward.superseded
        ]

    def _reward(self, pick: int) -> tuple[Place, Reward]:
        return self._chosen(self._rewards(), pick)

    def _acts(self) -> list[tuple[Place, Reward]]:
        return [(place, reward) for place, reward in self._rewards() if reward.act]

    def _act(self, pick: int) -> tuple[Place, Reward]:
        return self._chosen(self._acts(), pick)

    def _waiting(self) -> list[tuple[Place, Reward]]:
        return [one for one in self._acts() if one[1].waits == "person"]

    def _ended(self) -> list[tuple[Place, Reward]]:
        """List what ended unused, in whole or in part, of what was earned by a purchase."""
        return [one for one in self._rewards() if one[1].purchase and one[1].has_ended]

    def _given(self, kind: str | None = None) -> list[tuple[Place, Reward]]:
        found = [one for one in self._rewards() if kind in (None, one[1].kind)]
        return [one for one in found if one[1].state == "granted"]

    def _owing(self) -> list[tuple[Place, Reward]]:
        return [one for one in self._rewards() if one[1].debt]

    def _to_choose(self) -> list[tuple[Place, Reward]]:
        return [one for one in self._rewards() if one[1].offer.kind in ("choice", "charity")]

    def _referrals(self) -> list[tuple[Place, Referral]]:
        return [(place, one) for place in self.places for one in place.model.referrals]

    def _orders(self) -> list[tuple[Place, int]]:
        return [
            (place, number)
            for place in self.places
            for number in range(len(place.model.lots.orders))
        ]

    @staticmethod
    def _chosen(among: list[T], pick: int) -> T:
        return among[pick % len(among)]
