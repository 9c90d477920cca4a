"""Forms as they were typed, read field by field; every problem is kept beside its field."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

from referral.foundation.errors import Invalid
from referral.foundation.ids import new_key
from referral.foundation.money import LIMIT_MINOR
from referral.foundation.text import plain
from referral.surfaces.web.amounts import read_amount, read_rate

Choice = TypeVar("Choice", bound=StrEnum)
REASON = "reason"


class Form:
    """What was typed, and what is wrong with it; `accept` raises Invalid with every problem."""

    def __init__(self, typed: Mapping[str, str]) -> None:
        self.typed = typed
        self.errors: dict[str, str] = {}

    def text(self, name: str, *, asked: str = "", longest: int = 200) -> str:
        """Return a line of text; with `asked` an empty one is a problem said in these words."""
        text = plain(self.typed.get(name, ""))
        if asked and not text:
            self.errors[name] = asked
        if len(text) > longest:
            self.errors[name] = f"At most {longest} characters."
        return text

    def once(self) -> uuid.UUID:
        """Return the id the form was given for what it makes, so that it makes it only once."""
        try:
            return uuid.UUID(self.typed.get("once", ""))
        except ValueError:
            return new_key()

    def choice(self, name: str, kind: type[Choice], *, asked: str = "Choose one.") -> Choice:
        """Return a member of a set of choices."""
        try:
            return kind(self.typed.get(name, ""))
        except ValueError:
            self.errors[name] = asked
            return next(iter(kind))

    def days(self, name: str) -> int:
        """Return a whole number of days."""
        text = self.typed.get(name, "").strip()
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            self.errors[name] = "Write a whole number of days."
            return 0
        return int(text)

    def whole(self, name: str, rule: Callable[[int, dict[str, str]], None]) -> int:
        """Return a whole number that a rule of the domain takes."""
        text = self.typed.get(name, "").strip()
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            self.errors[name] = "Write a whole number."
            return 0
        rule(int(text), self.errors)
        return int(text)

    def number(self, name: str, *, asked: str = "") -> int | None:
        """Return a whole number; an empty one is None, or with `asked` a problem in these words."""
        text = self.typed.get(name, "").strip()
        if not text and not asked:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            self.errors[name] = asked or "Write a whole number."
            return None
        return int(text)

    def amount(
        self, name: str, currency: str, *, asked: bool = True, most_minor: int = LIMIT_MINOR
    ) -> int | None:
        """Return an amount in minor units; an empty one is None, and a problem when asked for."""
        text = self.typed.get(name, "").strip()
        if not text and not asked:
            return None
        try:
            return read_amount(text, currency, field=name, most_minor=most_minor)
        except Invalid as refusal:
            self.errors |= refusal.fields
            return None

    def rate(self, name: str) -> int | None:
        """Return a percentage in basis points."""
        try:
            return read_rate(self.typed.get(name, ""), field=name)
        except Invalid as refusal:
            self.errors |= refusal.fields
            return None

    def check(self, rule: Callable[[], object], *, beside: Mapping[str, str] | None = None) -> bool:
        """Add what a rule of the domain says, each problem beside the field it stands for.

        Tells whether it says nothing. A field with a problem already keeps it, since the rule was
        asked about a stand-in.
        """
        try:
            rule()
        except Invalid as refusal:
            for name, said in refusal.fields.items():
                self.errors.setdefault((beside or {}).get(name, name), said)
            return False
        return True

    def accept(self) -> None:
        """Go on when nothing is wrong; raises Invalid naming each field, in the form's order."""
        if self.errors:
            in_order = {name: self.errors[name] for name in self.typed if name in self.errors}
            raise Invalid(fields=in_order | self.errors)


def read_reason(typed: Mapping[str, str], *, is_needed: bool = True) -> str:
    """Return the reason every judgement needs; raises Invalid."""
    form = Form(typed)
    asked = "Say why: the record and the person need it." if is_needed else ""
    reason = form.text(REASON, asked=asked, longest=400)
    form.accept()
    return reason
