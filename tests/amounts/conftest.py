"""Whatever a test of amounts did, an audit finds every promise kept."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def audited_where_there_is_data(request: pytest.FixtureRequest) -> Iterator[None]:
    """Audit the books when the test has ended, if it had any."""
    if "app" in request.fixturenames:
        request.getfixturevalue("audited")
    yield
