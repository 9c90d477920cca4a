"""What happens, in the model in memory: touches, purchases, referrals and rewards."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from tests.machine.promises import WAYS, Offer, Program, Way

OWN = ".own"
"""How a name ends that is the business's own id of somebody."""


@dataclass(frozen=True)
class Said:
    """What somebody is named by: a mail address, the business's own id, a customer."""

    mail: str | None = None
    own: str | None = None
    customer: str | None = None


@dataclass
class Touch:
    """A click or a typed code of somebody."""

    program: Program
    advocate: str
    at: datetime
    weight: int

    @property
    def said(self) -> tuple[object, ...]:
        return (self.weight, id(self.program), self.advocate, self.at if self.weight == 1 else None)


@dataclass(frozen=True)
class Rate:
    """What one whole unit of a currency was worth in another on a day, as it was told."""

    base: str
    quote: str
    day: date
    told: str


@dataclass(eq=False)
class Purchase:
    """What a friend paid, and everything told of it since."""

    friend: str
    gross: int
    tax: int
    at: datetime
    currency: str
    key: str
    said: Said
    is_renewal: bool = False
    refunds: dict[str, int] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    charged: int = 0
    disputes: dict[str, str] = field(default_factory=dict)

    @property
    def order(self) -> tuple[datetime, str]:
        return (self.at, self.key)

    @property
    def is_disputed(self) -> bool:
        return "open" in self.disputes.values()

    @property
    def refunded(self) -> int:
        standing = sum(amount for key, amount in self.refunds.items() if key not in self.failed)
        failed = sum(amount for key, amount in self.refunds.items() if key in self.failed)
        lost = self.gross * sum(outcome == "lost" for outcome in self.disputes.values())
        return min(self.gross, max(standing, self.charged - failed) + lost)

    @property
    def went_back(self) -> bool:
        return self.refunded >= self.gross


@dataclass(eq=False)
class Referral:
    """Who sent whom, with the promises of that day.

    `place` is which of the advocate's friends this one is once that matters, and `due` is when it
    is to be counted.
    """

    program: Program
    advocate: str
    friend: str
    touched: datetime
    at: datetime
    offers: dict[str, Offer]
    place: int | None = None
    due: datetime | None = None

    def person(self, side: str) -> str:
        return self.advocate if side == "advocate" else self.friend


@dataclass
class Code:
    """When the code of a discount ends, and when it is looked at whether it was used."""

    use_by: datetime
    notice: datetime | None = None
    look: datetime | None = None
    is_told: bool = False
    has_lapsed: bool = False


@dataclass(eq=False)
class Reward:
    """A promise and what became of it.

    `act` is what is to be done, to give it or to take it back, `wanted` of how much, `asked` what
    was frozen once it was `sent`, and `is_done` whether it happened though nobody heard of it yet.
    `waits` is whom it waited for when it was last tried: its "person", or anything else.
    """

    referral: Referral
    offer: Offer
    person: str
    purchase: Purchase | None
    amount: int
    ready: datetime
    earned: datetime
    state: str = "pending"
    reason: str | None = None
    claw: int = 0
    withheld: int = 0
    debited: int = 0
    owed: int = 0
    netted: int = 0
    settled: int = 0
    forgiven: int = 0
    expired: int = 0
    pays: dict[Reward, int] = field(default_factory=dict)
    holds: list[str] = field(default_factory=list)
    act: str | None = None
    wanted: int = 0
    asked: int = 0
    given: int = 0
    sent: bool = False
    is_done: bool = False
    has_gathered: bool = False
    tries: int = 0
    superseded: bool = False
    number: int = 0
    needed: int = 0
    agreed: list[str] = field(default_factory=list)
    kind: str = ""
    household: str = ""
    day: str = ""
    customer: str = ""
    waits: str = ""
    approved: datetime | None = None
    ends: datetime | None = None
    told: datetime | None = None
    released: datetime | None = None
    code: Code | None = None
    is_accepted: bool = False
    was_confirmed: bool | None = None
    place: int | None = None
    rate: Rate | None = None

    def __post_init__(self) -> None:
        self.kind = self.kind or self.offer.kind

    @property
    def is_requested(self) -> bool:
        """Tell whether the business's own server is to give it."""
        return self.kind == "gift" and self.offer.by_server

    @property
    def given_as(self) -> str:
        return "request" if self.is_requested else self.kind

    @property
    def way(self) -> Way:
        return WAYS[self.given_as]

    @property
    def is_open(self) -> bool:
        return self.state in ("pending", "approved")

    @property
    def is_live(self) -> bool:
        return self.is_open or self.state in ("granting", "granted")

    @property
    def has_ended(self) -> bool:
        """Tell whether any of it ended because nobody took or used it."""
        has_lapsed = self.code is not None and self.code.has_lapsed
        return has_lapsed or self.expired > 0 or self.state == "expired"

    @property
    def payable(self) -> int:
        return self.amount - self.withheld - self.netted

    @property
    def kept(self) -> int:
        return self.amount - self.claw

    @property
    def debt(self) -> int:
        return self.owed - self.settled - self.forgiven

    @property
    def due(self) -> int:
        """What is still to be taken back; what expired unused is back already."""
        return max(0, self.unsettled - self.expired)

    @property
    def expired_back(self) -> int:
        return min(self.expired, self.unsettled)

    @property
    def unsettled(self) -> int:
        return self.claw - self.withheld - self.debited - self.owed

    @property
    def was_taken_by_staff(self) -> bool:
        return self.state in ("granted", "reversed") and self.reason not in (None, "refunded")

    @property
    def counts(self) -> list[tuple[tuple[str, str], int | None, str]]:
        """Where it is counted, under which cap, and how that refuses."""
        day = self.day
        return [
            ((self.person, ""), self.offer.person_cap, "cap_reached"),
            ((self.person, day), self.offer.day_cap, "day_cap_reached"),
            ((self.person, day[:7]), self.offer.month_cap, "month_cap_reached"),
            (("of", self.household), self.offer.household_cap, "household_cap_reached"),
        ]


class Refused(Exception):
    """The act is not possible now; the real one must refuse it with this name."""


def demand(holds: bool, name: str) -> None:
    """Refuse an act by a name, unless it is possible."""
    if not holds:
        raise Refused(name)
