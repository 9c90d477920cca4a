"""Real processes that are killed, frozen and ended at the worst moment."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.crash.processes import Crew
from tests.crash.scenes import open_busy_trade
from tests.stories.settings import app, practice
from tests.stories.trade import Trade
from tools.practice_stripe import PracticeStripe

__all__ = ["app", "crew", "kill_rounds", "kill_seed", "practice", "trade"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a night kill more often than a day."""
    parser.addoption(
        "--kill-rounds", type=int, help="how often F-24 kills web and worker (default 60)"
    )
    parser.addoption("--kill-seed", type=int, help="which moments F-24 chooses (default: fresh)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is here as tests that break real processes."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker("faults")


@pytest.fixture
def kill_rounds(request: pytest.FixtureRequest) -> int:
    """How often to kill, over both databases."""
    return int(request.config.getoption("--kill-rounds", None) or 60)


@pytest.fixture
def kill_seed(request: pytest.FixtureRequest) -> int:
    """Which random moments to kill at."""
    chosen = request.config.getoption("--kill-seed", None)
    number = random.SystemRandom().randrange(10**9) if chosen is None else int(chosen)
    print(f"killed at the moments of --kill-seed {number}")
    return number


@pytest.fixture
def trade(app: Flask, practice: PracticeStripe) -> Trade:
    """A shop that thanks Alice for each of Bob's purchases, at once."""
    return open_busy_trade(app, practice)


@pytest.fixture
def crew(trade: Trade, tmp_path: Path) -> Iterator[Crew]:
    """Starts processes of the product; none is left behind."""
    started = Crew(trade, tmp_path)
    yield started
    started.end_all()
