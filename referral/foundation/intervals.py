"""Counting on a calendar, where a month is not a number of days."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta


def plus(moment: datetime, count: int, unit: str) -> datetime:
    """Return the moment so many days, weeks, months or years later.

    A month that is too short gives its last day, as subscriptions are billed.

    >>> plus(datetime(2028, 1, 31), 1, "month")
    datetime.datetime(2028, 2, 29, 0, 0)
    """
    if unit in ("day", "week"):
        return moment + timedelta(days=count * (7 if unit == "week" else 1))
    if unit not in ("month", "year"):
        raise ValueError(f"{unit} is no unit of time here")
    months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
