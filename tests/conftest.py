"""What every test has at hand."""

pytest_plugins = [
    "tests.servers",
    "tests.network",
    "tests.fixtures",
    "tests.live",
    "tests.machine.options",
]
