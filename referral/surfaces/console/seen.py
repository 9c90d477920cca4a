"""How things stood when a form was shown: nothing is saved over a change its sender never saw."""

from __future__ import annotations

import json
from collections.abc import Mapping

from referral.foundation.crypto import plain_hash
from referral.foundation.errors import Conflict

SEEN = "seen"
"""The field in which a form keeps how things stood."""


class ChangedMeanwhile(Conflict):
    """Somebody else saved the same form after this one was opened."""

    code = "changed_meanwhile"


def mark(stands: Mapping[str, str]) -> str:
    """Return the mark of how things stand, as a form of them would be typed."""
    return plain_hash(json.dumps(stands, sort_keys=True))


def refuse_unseen(typed: Mapping[str, str], stands: Mapping[str, str], *, what: str) -> None:
    """Raise ChangedMeanwhile when a form was filled in before `what` came to stand like this.

    Whoever asks has locked it. A form without a mark is believed: no page of ours sends one.
    """
    if typed.get(SEEN, mark(stands)) != mark(stands):
        raise ChangedMeanwhile(
            f"Somebody changed {what} while you had it open, and nothing of yours is saved yet."
            " Compare with how it stands now, and save again."
        )
