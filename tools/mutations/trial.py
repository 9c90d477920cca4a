"""One mutation in a copy of the tree: break the line, run its tests, mend the line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tools.mutations.catalogue import Mutation

TESTS_FAILED = 1
"""Pytest's exit code when tests ran and some failed; any other says nothing about the line."""

LONGEST_S = 600
"""After so long the tests of one line are given up; they take seconds on a quiet machine."""


class Outcome(StrEnum):
    """What became of a broken line."""

    NOTICED = "noticed"
    SURVIVED = "SURVIVED"
    UNCLEAR = "UNCLEAR"


@dataclass(frozen=True)
class Verdict:
    """What the tests said of one mutation, in how long; `said` is the end of their output."""

    mutation: Mutation
    outcome: Outcome
    took_s: float
    said: str


class Misplaced(Exception):
    """The text of a mutation does not stand in its file exactly once, so nothing would be shown."""


def broken(mutation: Mutation, root: Path) -> str:
    """Return the file with the mutation in it; raises Misplaced unless its text is there once."""
    whole = (root / mutation.file).read_text()
    times = whole.count(mutation.text)
    if times != 1:
        raise Misplaced(
            f"{mutation.file} has this text {times} times and not once:\n{mutation.text}\n"
            "Choose the line anew in tools/mutations/catalogue.py."
        )
    return whole.replace(mutation.text, mutation.becomes)


def copy_tree(root: Path, to: Path) -> None:
    """Copy what git knows of a tree, and what it would be told of, as it stands now."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (root / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, to / name)


def attempt(mutation: Mutation, tree: Path) -> Verdict:
    """Break a line in a copy of the tree and run its tests there; the copy is whole afterwards."""
    file = tree / mutation.file
    whole = file.read_text()
    file.write_text(broken(mutation, tree))
    began_at = time.monotonic()
    try:
        code, said = run(mutation.tests, tree)
    finally:
        file.write_text(whole)
    return Verdict(mutation, _meaning(code), time.monotonic() - began_at, said)


def run(tests: Sequence[str], tree: Path, *, within_s: float = LONGEST_S) -> tuple[int, str]:
    """Run tests on SQLite only; returns pytest's exit code and the end of what it said."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:xdist"]
    command += ["-p", "no:cacheprovider", "-k", "not postgresql", *tests]
    try:
        done = subprocess.run(
            command,
            cwd=tree,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=within_s,
        )
    except subprocess.TimeoutExpired:
        return -1, f"not done within {within_s:.0f} s"
    return done.returncode, done.stdout[-2000:] + done.stderr[-1000:]


def _meaning(code: int) -> Outcome:
    if code == 0:
        return Outcome.SURVIVED
    return Outcome.NOTICED if code == TESTS_FAILED else Outcome.UNCLEAR
