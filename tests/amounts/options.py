"""How long a history of amounts is told."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add how long a history is told."""
    parser.addoption(
        "--history-each",
        type=int,
        default=6,
        help="how many purchases each friend makes, on average, in the history of amounts",
    )


@pytest.fixture
def history_each(request: pytest.FixtureRequest) -> int:
    """How many purchases each friend makes, on average."""
    return int(request.config.getoption("--history-each"))
