"""The only place that reads the time; knows nothing of what happens when."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

_offset = timedelta(0)


def shift(seconds: int) -> None:
    """Move the product's calendar by whole seconds; settings allow it in tests only."""
    global _offset
    _offset = timedelta(seconds=seconds)


def now() -> datetime:
    """Return the present moment in UTC, to the microsecond, on the product's calendar."""
    return datetime.fromtimestamp(time.time(), UTC) + _offset


def wall_now() -> datetime:
    """Return the present moment of the outside world, which a shifted calendar leaves alone.

    What others stamp (a webhook's signature, an authenticator's code) is measured against it.
    """
    return datetime.fromtimestamp(time.time(), UTC)


def is_fresh(stamp: datetime, *, tolerance: timedelta) -> bool:
    """Tell whether a stamp lies within the tolerance of now, on either side (S-123)."""
    return any(abs(stamp - present) <= tolerance for present in (wall_now(), now()))


def to_second(moment: datetime) -> datetime:
    """Drop the fraction of a second, for comparing with stamps that carry none."""
    return moment.replace(microsecond=0)
