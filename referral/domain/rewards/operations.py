"""What is done for a reward: how each kind is given and, where the world allows, taken back.

It knows no provider; who does each operation is the worker's to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from referral.domain.programs import Fulfilment, Kind


class Operation(StrEnum):
    """One act for a reward."""

    CREDIT = "credit"
    DEBIT = "debit"
    PROMOTION_CODE = "promotion_code"
    THANKS = "thanks"
    WITHDRAWAL = "withdrawal"
    EXTENSION = "extension"
    SHORTENING = "shortening"
    REFUND = "refund"
    RETURN = "return"
    GIFT_CODE = "gift_code"
    GIFT_RETURN = "gift_return"
    GIFT_REQUEST = "gift_request"
    DONATION = "donation"
    DONATION_WITHDRAWAL = "donation_withdrawal"
    CHOICE = "choice"
    TRANSFER = "transfer"
    REVERSAL = "reversal"
    STORE_CREDIT = "store_credit"
    STORE_DEBIT = "store_debit"


@dataclass(frozen=True, slots=True)
class Way:
    """How a kind is given, and what takes it back; where nothing can, it stands as a debt.

    What `is_whole` cannot be made smaller: a refunded part stands as a debt once it is given.
    """

    gives: Operation
    takes: Operation | None = None
    is_whole: bool = False


WAYS: dict[Kind, Way] = {
    Kind.ACCOUNT_CREDIT: Way(Operation.CREDIT, Operation.DEBIT),
    Kind.DISCOUNT: Way(Operation.PROMOTION_CODE, Operation.WITHDRAWAL),
    Kind.FREE_PERIOD: Way(Operation.EXTENSION, Operation.SHORTENING, is_whole=True),
    Kind.REFUND: Way(Operation.REFUND),
    Kind.RECOGNITION: Way(Operation.THANKS),
    Kind.GIFT: Way(Operation.GIFT_CODE, Operation.GIFT_RETURN, is_whole=True),
    Kind.CHARITY: Way(Operation.DONATION, Operation.DONATION_WITHDRAWAL),
    Kind.CHOICE: Way(Operation.CHOICE),
    Kind.CASH: Way(Operation.TRANSFER, Operation.REVERSAL),
    Kind.STORE_CREDIT: Way(Operation.STORE_CREDIT, Operation.STORE_DEBIT),
}

REQUESTED = Way(Operation.GIFT_REQUEST, is_whole=True)
"""How a gift is given that the business's own server has: nothing takes it back."""

TAKING = frozenset(way.takes for way in WAYS.values() if way.takes) | {Operation.RETURN}
"""The operations that take something back; a return came back by itself."""

ALL_OR_NOTHING = frozenset({Operation.WITHDRAWAL, Operation.SHORTENING, Operation.GIFT_RETURN})
"""What takes everything or nothing: parts stand as a debt until they make up the whole."""

ALONE = frozenset({Operation.DEBIT, Operation.EXTENSION, Operation.SHORTENING, Operation.REFUND})
"""What rests on what was read at the provider: no other of its kind may change that meanwhile."""

WITHOUT_AMOUNT = frozenset({Operation.PROMOTION_CODE, Operation.WITHDRAWAL, Operation.THANKS})
"""The operations whose object has no amount of its own to compare."""

OURS = frozenset(
    {
        Operation.THANKS,
        Operation.GIFT_CODE,
        Operation.GIFT_RETURN,
        Operation.DONATION,
        Operation.DONATION_WITHDRAWAL,
        Operation.CHOICE,
        Operation.STORE_CREDIT,
        Operation.STORE_DEBIT,
    }
)
"""The operations that nobody outside is asked for: done in the commit that settles them."""

AT_BUSINESS = frozenset({Operation.GIFT_REQUEST})
"""The operations that the business's own server is asked for."""

NOT_AT_PROVIDER = OURS | AT_BUSINESS
"""The operations that leave nothing at the provider."""

WHOLE = frozenset(kind for kind, way in WAYS.items() if way.is_whole)
"""The kinds that cannot be made smaller."""


def way_of(kind: str, fulfilment: str | None) -> Way:
    """Return how a kind of reward is given and taken back, by who fulfils its offer's gifts."""
    if kind == Kind.GIFT and fulfilment == Fulfilment.WEBHOOK:
        return REQUESTED
    return WAYS[Kind(kind)]
