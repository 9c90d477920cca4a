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
