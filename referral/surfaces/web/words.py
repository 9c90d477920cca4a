"""How an amount, a moment, a count or a name reads in the reader's language.

Knows the reader's locale and zone. Refuses to know what the value means.
"""

import re
import zlib
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Protocol

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.numbers import format_decimal, parse_pattern
from flask import has_app_context
from flask_babel import get_locale, get_timezone
from markupsafe import Markup

from referral.foundation.money import digits

HUES = 6
_TOO_CLOSE = re.compile(r"(?<=[A-Za-z])(?=[0-9])")
"""Where a code touches its number: CLDR puts a space there that stays on the line."""


class Priced(Protocol):
    """Anything that carries an amount: a reward, a purchase, a grant."""

    @property
    def amount_minor(self) -> int: ...

    @property
    def currency(self) -> str: ...


def money(amount: Priced | int, currency: str | None = None) -> str:
    """Write an amount the way the reader writes money.

    Takes anything with ``amount_minor`` and ``currency``, or minor units and a currency code.
    """
    if isinstance(amount, int):
        if currency is None:
            raise ValueError("an amount in minor units needs its currency")
        minor, code = amount, currency.upper()
    else:
        minor, code = amount.amount_minor, amount.currency.upper()
    places, locale = digits(code.lower()), _locale()
    value = Decimal(minor).scaleb(-places)
    pattern = parse_pattern(locale.currency_formats["standard"].pattern)
    pattern.frac_prec = (places, places)
    shown = pattern.apply(value, locale, currency=code, currency_digits=False)
    return _TOO_CLOSE.sub("\u00a0", shown)


def moment(at: datetime) -> Markup:
    """Write an aware datetime, date and time, in the reader's zone.

    >>> from datetime import UTC
    >>> str(moment(datetime(2026, 11, 21, 14, 5, tzinfo=UTC)))
    '<time datetime="2026-11-21T14:05:00+00:00">21 Nov 2026, 14:05</time>'
    """
    local = _local(at)
    locale = _locale()
    shown = f"{format_date(local, locale=locale)}, {format_time(local, 'short', locale=locale)}"
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), shown)


def day(at: datetime | date) -> Markup:
    """Write the day of an aware datetime, or a date, in the reader's zone."""
    local = _local(at).date() if isinstance(at, datetime) else at
    shown = format_date(local, locale=_locale())
    return Markup('<time datetime="{}">{}</time>').format(local.isoformat(), shown)


def plain_day(on: date | str) -> str:
    """Write a day, or its ISO text, as it stands in a sentence that is text only.

    >>> plain_day(date(2026, 12, 1))
    '1 Dec 2026'
    """
    day = date.fromisoformat(on) if isinstance(on, str) else on
    return str(format_date(day, locale=_locale()))


def short_day(on: date) -> str:
    """Write a day without its year, where the year is plain, such as under a chart.

    >>> short_day(date(2026, 11, 21))
    '21 Nov'
    """
    return str(format_skeleton("MMMd", on, locale=_locale()))


def ago(then: datetime, now: datetime) -> Markup:
    """Write how far ``then`` lies before or after ``now``, in one rounded unit."""
    shown = format_timedelta(then - now, add_direction=True, locale=_locale())
    return Markup('<time datetime="{}">{}</time>').format(then.isoformat(), shown)


def count(number: int, one: str | None = None, many: str | None = None) -> str:
    """Write a number, with its noun when one is given.

    >>> count(1, "friend"), count(1200, "friend"), count(2, "person", "people")
    ('1 friend', '1,200 friends', '2 people')
    """
    shown = format_decimal(number, locale=_locale())
    if one is None:
        return shown
    return f"{shown} {one if number == 1 else many or one + 's'}"


def initials(name: str) -> str:
    """Return the first letters of a name, at most two, or a question mark.

    >>> initials("Ana María López"), initials("bob"), initials(" ")
    ('AL', 'B', '?')
    """
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "?"
    letters = words[0][0] if len(words) == 1 else words[0][0] + words[-1][0]
    return letters.upper()


def hue(name: str) -> int:
    """Return which of the avatar colours a name always gets."""
    return zlib.crc32(name.encode()) % HUES


def _locale() -> Locale:
    return get_locale() or Locale("en", "GB")


def _local(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return at.astimezone(get_timezone() if has_app_context() else UTC)
