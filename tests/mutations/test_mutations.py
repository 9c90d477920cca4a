"""Every mutation still has its line and its tests; whether the tests notice is `make mutations`."""

import re
from pathlib import Path

import pytest

from tools.environment import ROOT
from tools.mutations.catalogue import MUTATIONS, Mutation
from tools.mutations.trial import Misplaced, Outcome, attempt, broken, copy_tree

PASSES = "def test_it() -> None:\n    from line import one\n    assert one == 1\n"


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.what)
def test_each_line_stands_in_its_file_once_and_breaks_to_python(mutation: Mutation) -> None:
    assert mutation.text != mutation.becomes
    compile(broken(mutation, ROOT), mutation.file, "exec")


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda one: one.what)
def test_each_has_tests_that_are_there(mutation: Mutation) -> None:
    assert mutation.tests
    for test in mutation.tests:
        file, _, name = test.partition("::")
        assert re.search(rf"^def {name or 'test_'}", (ROOT / file).read_text(), re.MULTILINE)


def test_there_are_twenty_five_and_no_two_are_the_same() -> None:
    assert len(MUTATIONS) == 25
    assert len({(one.file, one.text) for one in MUTATIONS}) == 25


@pytest.mark.parametrize("kept", ["", "one = 1\none = 1\n"])
def test_a_line_that_is_not_there_once_is_named(tmp_path: Path, kept: str) -> None:
    (tmp_path / "line.py").write_text(kept)
    with pytest.raises(Misplaced, match=r"line\.py has this text [02] times"):
        broken(line_becomes("one = 2"), tmp_path)


@pytest.mark.parametrize(
    ("becomes", "outcome"),
    [
        ("one = 2", Outcome.NOTICED),
        ("one = +1", Outcome.SURVIVED),
        ("one = (", Outcome.NOTICED),
    ],
)
def test_a_broken_line_is_noticed_or_survives_and_is_mended(
    tmp_path: Path, becomes: str, outcome: Outcome
) -> None:
    (tmp_path / "line.py").write_text("one = 1\n")
    (tmp_path / "test_it.py").write_text(PASSES)
    assert attempt(line_becomes(becomes), tmp_path).outcome is outcome
    assert (tmp_path / "line.py").read_text() == "one = 1\n"


def test_tests_that_do_not_run_show_nothing(tmp_path: Path) -> None:
    (tmp_path / "line.py").write_text("one = 1\n")
    assert attempt(line_becomes("one = 2"), tmp_path).outcome is Outcome.UNCLEAR


def test_a_copy_has_the_code_and_nothing_git_ignores(tmp_path: Path) -> None:
    copy_tree(ROOT, tmp_path)
    assert (tmp_path / "referral" / "__init__.py").is_file()
    assert not (tmp_path / ".venv").exists()


def line_becomes(becomes: str) -> Mutation:
    return Mutation("one line", "line.py", "one = 1\n", f"{becomes}\n", ("test_it.py",))
