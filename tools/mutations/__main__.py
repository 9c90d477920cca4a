"""`python3 -m tools.mutations [--only N …] [--jobs N] [--list]`: break lines, see who notices."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from tools.environment import ROOT
from tools.mutations.catalogue import MUTATIONS, Mutation
from tools.mutations.trial import (
    LONGEST_S,
    Misplaced,
    Outcome,
    Verdict,
    attempt,
    broken,
    copy_tree,
    run,
)

MOST_UNNOTICED = 1
"""Of all of them one may go unnoticed."""


def main(arguments: list[str]) -> int:
    """Try what was asked and print the table; 1 when too many are not noticed."""
    asked = _parse(arguments)
    chosen = [MUTATIONS[number - 1] for number in asked.only]
    try:
        for one in chosen:
            broken(one, ROOT)
    except Misplaced as misplaced:
        print(misplaced)
        return 2
    if asked.list:
        print(table([(one, "") for one in chosen]))
        return 0
    with trees(asked.jobs) as free:
        code, said = _as_it_is(chosen, free)
        if code:
            print(f"{said}\nThese tests fail with every line whole, so they would show nothing.")
            return 2
        verdicts = _attempt_all(chosen, free, jobs=asked.jobs)
    print(table([(one.mutation, f"{one.outcome}, {one.took_s:.0f} s") for one in verdicts]))
    return _sum_up(verdicts)


@contextmanager
def trees(count: int) -> Iterator[SimpleQueue[Path]]:
    """Offer copies of the tree; the real one is never touched."""
    with tempfile.TemporaryDirectory(prefix="referral-mutations-") as folder:
        free: SimpleQueue[Path] = SimpleQueue()
        for number in range(count):
            own = Path(folder, str(number))
            copy_tree(ROOT, own)
            free.put(own)
        yield free


def table(rows: Sequence[tuple[Mutation, str]]) -> str:
    """Return the mutations as a table: the line, what it would mean, and what became of it."""
    lines = ["| | what is broken | in | |", "| --- | --- | --- | --- |"]
    for one, said in rows:
        number = MUTATIONS.index(one) + 1
        file = one.file.removeprefix("referral/")
        lines.append(f"| {number} | {one.what} | `{file}` | {said} |")
    return "\n".join(lines)


def _parse(arguments: list[str]) -> argparse.Namespace:
    numbers = range(1, len(MUTATIONS) + 1)
    parser = argparse.ArgumentParser(prog="python3 -m tools.mutations", description=__doc__)
    parser.add_argument("--only", nargs="+", type=int, choices=numbers, default=[*numbers])
    parser.add_argument("--jobs", type=int, choices=range(1, 9), default=2)
    parser.add_argument("--list", action="store_true", help="only say what would be broken")
    return parser.parse_args(arguments)


def _as_it_is(chosen: Sequence[Mutation], free: SimpleQueue[Path]) -> tuple[int, str]:
    """Run every test once with no line broken."""
    tree = free.get()
    try:
        tests = sorted({test for one in chosen for test in one.tests})
        return run(tests, tree, within_s=LONGEST_S * 3)
    finally:
        free.put(tree)


def _attempt_all(
    chosen: Sequence[Mutation], free: SimpleQueue[Path], *, jobs: int
) -> list[Verdict]:
    def one_by_one(mutation: Mutation) -> Verdict:
        tree = free.get()
        try:
            verdict = attempt(mutation, tree)
        finally:
            free.put(tree)
        print(f"{verdict.outcome:8} {verdict.took_s:5.1f} s  {mutation.what}", flush=True)
        return verdict

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one_by_one, chosen))


def _sum_up(verdicts: Sequence[Verdict]) -> int:
    missed = [one for one in verdicts if one.outcome is not Outcome.NOTICED]
    for one in missed:
        print(f"\n{one.outcome}: {one.mutation.what}\n{one.said}")
    print(f"\n{len(verdicts) - len(missed)} of {len(verdicts)} were noticed.")
    return 1 if len(missed) > MOST_UNNOTICED else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
