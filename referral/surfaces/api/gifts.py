"""What the business's own server says later of a gift it has accepted."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from referral.domain import journey
from referral.domain.rewards.gift_confirmations import (
    LONGEST_CODE,
    LONGEST_REFERENCE,
    AlreadyConfirmed,
    GiftConfirmation,
    NotAsked,
    Verdict,
    Word,
)
from referral.domain.rewards.gift_requests import find_request
from referral.foundation.errors import Invalid, NotFound
from referral.foundation.ids import public_id
from referral.surfaces.api.contract import (
    VISIBLE,
    GiftId,
    In,
    Moment,
    Note,
    Out,
    RewardId,
    Why,
)
from referral.surfaces.api.layer import Call, Resource

route = Resource("Gifts", "What became of gifts that your own server was asked for.")

Reference = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_REFERENCE,
        pattern="^[!-~]+$",
        description="Your own id of the gift. Only with `fulfilled`, and needed there.",
    ),
]
Code = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_CODE,
        pattern=VISIBLE,
        description="Shown to the person behind a button, and kept sealed. Only with `fulfilled`.",
    ),
]


class ConfirmationIn(In):
    """What became of a gift: `fulfilled` with a reference, or `refused` with a reason."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"status": "fulfilled", "reference": "gift-4711"}]}
    )

    status: Annotated[str, Field(description="`fulfilled` or `refused`.")]
    reference: Reference | None = None
    code: Code | None = None
    note: Note | None = None
    reason: Why | None = None


class ConfirmationOut(Out):
    """What counts for a gift; its code is never told again."""

    gift: GiftId
    reward: RewardId
    status: Verdict
    reference: str | None
    note: str | None
    reason: str | None
    has_code: bool
    came_at: Moment

    @classmethod
    def of(cls, known: GiftConfirmation) -> ConfirmationOut:
        """Write a confirmation."""
        return cls(
            gift=public_id("grt", known.grant_id),
            reward=public_id("rwd", known.reward_id),
            status=Verdict(known.verdict),
            reference=known.reference,
            note=known.note,
            reason=known.reason,
            has_code=known.sealed_code is not None,
            came_at=known.came_at,
        )


@route.post(
    "/gifts/{gift}/confirmation",
    takes=ConfirmationIn,
    gives=ConfirmationOut,
    refuses=(NotFound, NotAsked, AlreadyConfirmed),
)
def confirm_gift(call: Call, sent: ConfirmationIn, gift: str) -> ConfirmationOut:
    """Say what became of a gift that your server was asked for; the same again is no news.

    With `fulfilled` the reward is granted, with `refused` it fails with your reason and can be
    issued again. The first word counts: another one after it is refused.
    """
    grant = find_request(gift)
    word = Word(_verdict(sent.status), sent.reference, sent.code, sent.note, sent.reason)
    return ConfirmationOut.of(journey.confirm_gift(grant, word, actor=call.actor, at=call.at))


def _verdict(text: str) -> Verdict:
    try:
        return Verdict(text)
    except ValueError:
        raise Invalid(fields={"status": "Say fulfilled or refused."}) from None
