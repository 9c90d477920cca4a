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
    """Compile each template and statement once in a process, whatever applications tests make."""
    from tests.remembering import remember_statements, remember_templates

    remember_templates()
    remember_statements()
