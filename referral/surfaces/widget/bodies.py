"""What the form sends, read strictly: short lines of text, nothing that storage would refuse."""

from __future__ import annotations

from typing import Annotated

from flask import Request
from pydantic import BaseModel, StringConstraints, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from referral.foundation.errors import Invalid, Malformed

_MOST_BYTES = 16 * 1024
_LINE = r"^[^\x00-\x1f\x7f]*$"
_SAID = {
    "email": "Give one email address such as bob@mail.example.",
    "name": "Give a name of at most 100 characters.",
}

Email = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=_LINE)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=_LINE)]


class SignupBody(BaseModel):
    """A signup as the form sends it; what it does not know it leaves alone."""

    email: Email
    name: Name | None = None
    program: Line | None = None
    token: Line | None = None
    code: Line | None = None

    @classmethod
    def read(cls, request: Request) -> SignupBody:
        """Read a request; raises Malformed for what is not JSON, Invalid naming each field."""
        if request.mimetype != "application/json":
            raise UnsupportedMediaType("Send JSON, with the type application/json.")
        request.max_content_length = _MOST_BYTES
        try:
            return cls.model_validate_json(request.get_data())
        except ValidationError as error:
            raise _refusal(error) from None


def _refusal(error: ValidationError) -> Malformed | Invalid:
    wrong = [problem["loc"] for problem in error.errors()]
    if () in wrong:
        return Malformed("Send one JSON object.")
    names = [str(place[0]) for place in wrong]
    return Invalid(fields={name: _SAID.get(name, "Give one short line of text.") for name in names})
