"""docs/failures.md names every failure of the matrix, and tests that do bring it about."""

import ast
import re
from functools import cache

import pytest

from config import ROOT
from tests.docs.markdown import rows

FAILURES = ROOT / "docs/failures.md"
NUMBERS = [f"F-{number}" for number in range(1, 57)]
SHOWN = {cells[0]: cells for cells in rows(FAILURES, "Shown")}


def test_each_failure_is_shown_by_a_test_or_told_why_it_is_not() -> None:
    not_shown = {cells[0]: cells[1] for cells in rows(FAILURES, "Not shown")}
    assert sorted([*SHOWN, *not_shown]) == sorted(NUMBERS)
    assert all(not_shown.values())


@pytest.mark.parametrize("number", SHOWN)
def test_the_tests_of_a_failure_exist_and_bear_its_number(number: str) -> None:
    named = re.findall(r"`([^`]+\.py)::(\w+)`", SHOWN[number][3])
    assert named
    for path, name in named:
        assert bears(number, name, named_in(path)[name] or ""), f"{path}::{name}"


def bears(number: str, name: str, said: str) -> bool:
    """Tell whether a test has the number in its name, as `_f12_`, or in its docstring."""
    in_name = f"_{number.replace('-', '').lower()}_" in name
    return in_name or re.search(rf"{number}\b", said) is not None


@cache
def named_in(path: str) -> dict[str, str | None]:
    """Return the tests of a file below `tests/` with what each says of itself."""
    tree = ast.parse((ROOT / "tests" / path).read_text("utf-8"))
    return {
        one.name: ast.get_docstring(one)
        for one in ast.walk(tree)
        if isinstance(one, ast.FunctionDef)
    }
