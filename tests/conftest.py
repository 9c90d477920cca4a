"""What every test has at hand."""

pytest_plugins = [
    "tests.servers",
    "tests.network",
    "tests.browser",
    "tests.fixtures",
    "tests.live",
    "tests.audit.telling",
    "tests.machine.options",
    "tests.amounts.options",
]


def pytest_configure() -> None:
    """Compile each template once in a process, whatever applications the tests make."""
    from tests.templates import remember_templates

    remember_templates()
