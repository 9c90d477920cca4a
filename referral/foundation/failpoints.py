"""Named places where a test may kill or freeze this process; does nothing outside tests."""

from __future__ import annotations

import os
import time
from pathlib import Path

_armed: tuple[str, str, Path | None] | None = None


def arm(setting: str) -> None:
    """Arm one place from a setting such as `CP3`, `CP3:stop=2` or `CP3:once=/tmp/mark`.

    `once` kills only while the file does not exist, and makes it first. Settings refuse this
    outside tests.
    """
    global _armed
    place, _, action = setting.partition(":")
    kind, _, value = action.partition("=")
    mark = Path(value) if kind == "once" else None
    _armed = (place, value if kind == "stop" else "", mark) if place else None


def reached(place: str) -> None:
    """Die or wait here when this place is armed."""
    if _armed is None or _armed[0] != place:
        return
    _, seconds, mark = _armed
    if seconds:
        time.sleep(float(seconds))
        return
    if mark is not None:
        if mark.exists():
            return
        mark.touch()
    os._exit(137)
