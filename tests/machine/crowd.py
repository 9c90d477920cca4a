"""Sixteen processes with a database connection each, let loose at the same moment.

`python -m tests.machine.crowd` reads a plan from its input, forks before anything is connected,
and exits with 0 when every act of every process was done or properly refused.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.exc import OperationalError

from referral import create_app
from referral.domain import journey
from referral.domain.businesses import Actor, Business, within
from referral.domain.purchases import Claim, PurchaseFact
from referral.domain.rewards import Reward, RewardState
from referral.domain.rewards.approving import SecondPersonNeeded
from referral.domain.rewards.moving import RewardMoved
from referral.foundation.db import session, transaction
from tests.fixtures import settings_for
from tools.environment import ROOT

PATIENCE_S = 300
_MOST_TRIES = 50
Plan = Sequence[Sequence[Sequence[str]]]


def let_loose(url: str, plan: Plan) -> None:
    """Have one process do each list of acts, all at once; fails with what went wrong in any."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.machine.crowd"],
        input=json.dumps({"url": url, "plan": plan}),
        capture_output=True,
        cwd=ROOT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def buy(business_id: str, friend: str, key: str, at: str) -> None:
    """Let a friend pay 120.00 with 20.00 of tax."""
    moment = datetime.fromisoformat(at)
    claim = Claim(email=f"{friend}@mail.example")
    fact = PurchaseFact(claim, (key,), 12000, 2000, "eur", moment)
    with within(uuid.UUID(business_id)), transaction():
        business = session.get_one(Business, uuid.UUID(business_id))
        journey.buy(business, fact, at=moment)


def approve(business_id: str, reward_id: str, operator_id: str, at: str) -> None:
    """Approve a reward that others approve as well; as in the console, one look comes first."""
    olive = Actor("operator", "Olive", uuid.UUID(operator_id))
    moment = datetime.fromisoformat(at)
    try:
        with within(uuid.UUID(business_id)):
            reward = session.get_one(Reward, uuid.UUID(reward_id))
            if reward.state == RewardState.PENDING:
                with transaction():
                    journey.approve_reward(reward, actor=olive, reason="Fine.", at=moment)
    except (RewardMoved, SecondPersonNeeded):
        pass  # Somebody else was quicker.


ACTS: dict[str, Callable[..., None]] = {"buy": buy, "approve": approve}


def work(url: str, acts: Sequence[Sequence[str]], start: int) -> int:
    """Do the acts of one process once the others are there too; returns its exit code."""
    try:
        with create_app(settings_for(url)).app_context():
            os.read(start, 1)
            for name, *said in acts:
                _patiently(ACTS[name], said)
                session.remove()
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _patiently(act: Callable[..., None], said: Sequence[str]) -> None:
    """Try again what found the database busy, as the worker and a webhook's sender do."""
    for _ in range(_MOST_TRIES):
        try:
            act(*said)
        except OperationalError:
            session.rollback()
        else:
            return
    raise TimeoutError(said)


def main() -> int:
    """Fork, give the sign, and wait for all."""
    asked: dict[str, Any] = json.load(sys.stdin)
    start, sign = os.pipe()
    children = []
    for acts in asked["plan"]:
        child = os.fork()
        if child == 0:
            os._exit(work(asked["url"], acts, start))
        children.append(child)
    os.write(sign, b"!" * len(children))
    return max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)


if __name__ == "__main__":
    sys.exit(main())
