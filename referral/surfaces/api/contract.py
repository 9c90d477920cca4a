"""The kinds of values that cross the API: how each is written, and what is refused on the way in.

What comes in is read strictly: unknown fields, other types and loose dates are refused. What goes
out is checked when it is made, so an answer always has the shape the document promises.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from referral.domain.people import canonical_email
from referral.foundation.errors import Invalid
from referral.foundation.money import LIMIT_MINOR, is_currency
from referral.foundation.text import plain

_BLANK = (
    r"\u0000-\u0020\u007f-\u00a0\u061c\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2069\u3000\ufeff"
)
_CONTROL = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
VISIBLE = rf"^[^{_BLANK}]([^{_CONTROL}]*[^{_BLANK}])?$"
"""Text that begins and ends with something visible and holds no control characters."""
EXACT = r"^[0-9]{1,12}(\.[0-9]{1,12})?$"
"""A decimal number as text, so that no digit of it is lost."""
ONE_LINE = rf"^[^{_CONTROL}]*$"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_EARLIEST_YEAR, _LATEST_YEAR = 2000, 2999
_EVIDENCE_LENGTH = 500
_CLOCKS_DIFFER = timedelta(days=1)
_EXAMPLE_KEY = "01jd5e8xk2qv7m3rt9c4wbz60p"


class In(BaseModel):
    """What a caller sends: read strictly, and every field must be one we know (S-144)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Asked(BaseModel):
    """What a caller asks for in the address: text, read field by field."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Out(BaseModel):
    """What we answer."""

    model_config = ConfigDict(frozen=True, defer_build=True)


Item = TypeVar("Item", bound=Out)


class Page(Out, Generic[Item]):
    """One page of a list, the newest first."""

    items: list[Item]
    next: Annotated[
        str | None, Field(description="Send it as `after` for the next page; null on the last.")
    ]


def _id(prefix: str, noun: str, **more: Any) -> Any:
    return Field(
        pattern=id_pattern(prefix),
        description=f"The id of {noun}.",
        examples=[f"{prefix}_{_EXAMPLE_KEY}"],
        **more,
    )


def id_pattern(prefix: str) -> str:
    """Return how public ids of a noun are written: 128 bits in 26 letters and digits."""
    return f"^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"


PersonId = Annotated[str, _id("per", "a person")]
ProgramId = Annotated[str, _id("prg", "a program")]
LinkId = Annotated[str, _id("lnk", "a link")]
ReferralId = Annotated[str, _id("ref", "a referral")]
PurchaseId = Annotated[str, _id("pur", "a purchase")]
RefundId = Annotated[str, _id("rfd", "a refund")]
RedemptionId = Annotated[str, _id("rdm", "a redemption")]
RewardId = Annotated[str, _id("rwd", "a reward")]
OfferId = Annotated[str, _id("ofr", "one version of an offer")]
CharityId = Annotated[str, _id("cha", "a charity")]
GiftId = Annotated[str, _id("grt", "a gift that your server was asked for")]
SignupId = Annotated[str, _id("sgn", "a signup")]
TouchId = Annotated[str, _id("tch", "a piece of evidence")]
TypedCode = Annotated[str, Field(description="A code as typed.", examples=["7KMPQ-2XVRJ"])]
IN_PATHS: dict[str, Any] = {
    "person": PersonId,
    "program": ProgramId,
    "referral": ReferralId,
    "purchase": PurchaseId,
    "redemption": RedemptionId,
    "reward": RewardId,
    "gift": GiftId,
    "code": TypedCode,
}
"""What each name in a path stands for."""


def _whole(value: object) -> object:
    """Take 1000.0 for 1000: JSON has one kind of number, and its schema calls both integers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _email(text: str) -> str:
    try:
        return canonical_email(text)
    except Invalid as refused:
        raise ValueError(refused.fields["email"]) from None


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError("Nobody pays in this. Use a lower-case ISO 4217 code such as eur.")
    return code


def _moment(value: object) -> object:
    """Read a moment as RFC 3339 writes it: loose dates and numbers are refused."""
    wanted = "Write date, time and offset, such as 2026-11-21T14:05:00Z."
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError(wanted)
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        raise ValueError(wanted) from None
    if not _EARLIEST_YEAR <= moment.year <= _LATEST_YEAR:
        raise ValueError(f"Give a year from {_EARLIEST_YEAR} to {_LATEST_YEAR}.")
    return moment.astimezone(UTC)


def refuse_the_future(occurred_at: datetime | None, at: datetime) -> None:
    """Allow for clocks gone wrong, not for milliseconds taken for seconds; raises Invalid."""
    if occurred_at is not None and occurred_at > at + _CLOCKS_DIFFER:
        raise Invalid(fields={"occurred_at": "This lies in the future."})


def _readable(text: str) -> str:
    """Keep what can be read of a piece of evidence: a signup is never refused for it."""
    return "".join(letter for letter in text if letter.isprintable())[:_EVIDENCE_LENGTH]


def _seen(text: str) -> str:
    """Keep what staff can see of a text: its pattern has seen to it that this is something."""
    return plain(text)


Minor = Annotated[
    int,
    Field(ge=0, le=LIMIT_MINOR, description="A whole number of the currency's minor unit."),
    BeforeValidator(_whole),
]
PositiveMinor = Annotated[
    int,
    Field(ge=1, le=LIMIT_MINOR, description="A whole number of the currency's minor unit."),
    BeforeValidator(_whole),
]
Currency = Annotated[
    str,
    Field(
        pattern="^[a-z]{3}$",
        description="A lower-case ISO 4217 code.",
        examples=["eur"],
        json_schema_extra={"format": "iso4217"},
    ),
    AfterValidator(_currency),
]
MomentIn = Annotated[
    AwareDatetime,
    Field(description="RFC 3339 with an offset, from the year 2000 on."),
    BeforeValidator(_moment),
]
Moment = Annotated[datetime, Field(description="RFC 3339, in UTC.")]
Email = Annotated[
    str,
    Field(max_length=320, json_schema_extra={"format": "email"}, examples=["bob@mail.example"]),
    AfterValidator(_email),
]
OwnId = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=VISIBLE, description="Your own id of it."),
]
CustomerId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern="^[!-~]+$",
        description="The id of the customer at Stripe.",
        examples=["cus_QxT41bWc0a"],
    ),
]
PersonName = Annotated[str, Field(max_length=200, pattern=ONE_LINE, examples=["Bob Baker"])]
Said = Annotated[str, AfterValidator(_readable)]
Why = Annotated[
    str,
    Field(
        min_length=1,
        max_length=400,
        pattern=VISIBLE,
        description="Kept with the reward; staff can read it.",
    ),
    AfterValidator(_seen),
]
Note = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        pattern=VISIBLE,
        description="What it was spent on; staff and the person can read it.",
    ),
    AfterValidator(_seen),
]

EXPLAINED = {
    VISIBLE: "Begin and end with something visible, and use no control characters.",
    ONE_LINE: "Use no control characters.",
    "^[!-~]+$": "Use letters, digits and signs, without spaces.",
    EXACT: "Write a number with at most twelve decimals as text, such as 0.9231.",
    "^[a-z]{3}$": "Use a lower-case ISO 4217 code such as eur.",
    **{
        id_pattern(prefix): f"Give an id such as {prefix}_{_EXAMPLE_KEY}."
        for prefix in ("per", "prg", "ref", "pur", "rdm", "rwd", "cha", "grt")
    },
}
"""What to do when text is not written as its pattern demands."""


class Money(Out):
    """An amount in the minor unit of its currency: 1000 of eur is ten euros."""

    amount_minor: int
    currency: str

    @classmethod
    def of(cls, amount_minor: int, currency: str) -> Money:
        """Write an amount."""
        return cls(amount_minor=amount_minor, currency=currency)


class FieldProblem(Out):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(Out):
    """A refusal, as RFC 9457 writes it; `code` is stable, `title` is for people."""

    type: str
    title: str
    status: int
    code: str
    request_id: str
    errors: list[FieldProblem] = []
    did_you_mean: Annotated[
        str | None, Field(description="Only for a mistyped code: the one code it may have been.")
    ] = None
    left: Annotated[
        Money | None, Field(description="Only for too little credit: what there is.")
    ] = None
