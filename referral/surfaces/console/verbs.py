"""What staff can do with a reward: how each is called, and whether it is a judgement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from referral.domain import journey


@dataclass(frozen=True, slots=True)
class Verb:
    """What can be done with a reward; a judgement needs a reason, trying again is none."""

    name: str
    act: Callable[..., object]
    words: str
    done: str
    icon: str
    tone: str
    is_judgement: bool = True


VERBS = {
    verb.name: verb
    for verb in (
        Verb("approve", journey.approve_reward, "Approve", "approved", "check", "primary"),
        Verb("hold", journey.hold_reward, "Hold", "put on hold", "hand-stop", "plain"),
        Verb("release", journey.release_reward, "Release", "released", "player-play", "plain"),
        Verb(
            "retry",
            journey.retry_reward,
            "Try now",
            "tried again",
            "rotate-clockwise",
            "plain",
            is_judgement=False,
        ),
        Verb(
            "reissue", journey.reissue_reward, "Issue again", "issued again", "refresh", "primary"
        ),
        Verb("extend", journey.extend_reward, "Extend", "extended", "clock", "plain"),
        Verb(
            "take_back", journey.take_back_reward, "Take back", "taken back", "arrow-left", "danger"
        ),
        Verb("deny", journey.deny_reward, "Deny", "denied", "ban", "danger"),
    )
}
