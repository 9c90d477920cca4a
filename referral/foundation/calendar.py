"""Days and months where a business is: the only place that knows of time zones' turns.

A day is a date as text, `2026-11-22`, and a month its first seven characters. They begin when the
clocks there do, so a day may have 23, 24 or 25 hours (F-43).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


@cache
def zones() -> tuple[str, ...]:
    """List the time zones this machine knows that are named by a place, and UTC."""
    return ("UTC", *sorted(name for name in _known() if "/" in name[:-1]))


def is_zone(name: str) -> bool:
    """Tell whether this machine knows a time zone of this name, such as `Europe/Berlin`."""
    return name == "UTC" or name in _known()


@cache
def _known() -> frozenset[str]:
    """Return every name there is: finding them is a look through some hundred files."""
    return frozenset(available_timezones())


def day_of(moment: datetime, zone: str) -> str:
    """Return the day a moment lies in there.

    >>> day_of(datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "Europe/Berlin")
    '2027-01-01'
    """
    return moment.astimezone(ZoneInfo(zone)).date().isoformat()


def month_of(day: str) -> str:
    """Return the month of a day.

    >>> month_of("2026-11-22")
    '2026-11'
    """
    return day[:7]


def next_day(day: str, zone: str) -> datetime:
    """Return the first moment after a day there."""
    return _begin(date.fromisoformat(day) + timedelta(days=1), zone)


def next_month(day: str, zone: str) -> datetime:
    """Return the first moment after the month of a day there."""
    first = date.fromisoformat(f"{month_of(day)}-01")
    return _begin((first + timedelta(days=31)).replace(day=1), zone)


def _begin(day: date, zone: str) -> datetime:
    """Return a day's first moment in UTC; where midnight is skipped, the moment of the turn."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
