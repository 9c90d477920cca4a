"""How many random histories are tried, and which."""

import random

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the state machine."""
    parser.addoption(
        "--machine-examples",
        type=int,
        default=11,
        help="how many random histories the state machine tells on SQLite",
    )
    parser.addoption(
        "--machine-seed", type=int, help="which fresh histories are told (default: any)"
    )


@pytest.fixture
def machine_examples(request: pytest.FixtureRequest) -> int:
    """How many histories to tell."""
    return int(request.config.getoption("--machine-examples"))


@pytest.fixture
def machine_seed(request: pytest.FixtureRequest) -> int:
    """Which fresh histories to tell; the number is printed, so that a failure can be told again."""
    chosen = request.config.getoption("--machine-seed")
    number = random.SystemRandom().randrange(10**9) if chosen is None else int(chosen)
    print(f"told again with --machine-seed {number}")
    return number
