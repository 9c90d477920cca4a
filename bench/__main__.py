"""`python -m bench [--quick] [--only click …] [--database sqlite …]`: measure and print a table."""

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from bench.auditing import Audited, audit_books
from bench.databases import Database, postgres_database, sqlite_database
from bench.figures import PATHS, Effort, Measured, measure, seed, settings_for, staged
from bench.granting import Granted, measure_grants
from bench.requests import World
from bench.starting import measure_starts
from bench.table import audits_table, figures_table, grants_table, misses, starts_table

USUAL = Effort(rounds=3, seconds=1.5, connections=32, advocates=1024)
QUICK = Effort(rounds=3, seconds=0.4, connections=32, advocates=200)
REWARDS, FEW_REWARDS = 100_000, 2_000
SALES, FEW_SALES = 500, 50
_OPENERS = {"sqlite": sqlite_database, "postgresql": postgres_database}


def main(arguments: list[str]) -> int:
    """Measure what was asked; 1 when anything answered was not stored."""
    asked = _parse(arguments)
    effort = QUICK if asked.quick else USUAL
    paths = tuple(path for path in PATHS if path.kind in asked.only)
    began_at = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="referral-bench-")))
        stages = _prepare(stack, folder, asked.database, effort)
        measured = []
        for database, settings, world in stages:
            with staged(database, settings, world) as stage:
                measured.append(measure(stage, effort, paths))
        print(figures_table(measured), flush=True)
        if asked.audit:
            audits = _audit(folder, asked.database, FEW_REWARDS if asked.quick else REWARDS)
            print(f"\n{audits_table(audits)}", flush=True)
        granted = []
        if asked.grants:
            granted = _grant(folder, asked.database, FEW_SALES if asked.quick else SALES)
            print(f"\n{grants_table(granted)}", flush=True)
        if asked.starts:
            _, settings, world = stages[0]
            own = folder / "starts"
            own.mkdir()
            starts = measure_starts(
                {**settings, "BENCH_FOLDER": str(own)},
                world,
                own,
                rounds=1 if asked.quick else 3,
                with_run=not asked.quick,
            )
            print(f"\n{starts_table(starts)}")
    print(f"\n{_conditions(effort)}; {time.monotonic() - began_at:.0f} s in all.")
    lost = [name for name, one in granted if not one.is_kept]
    return _say_misses(measured) or int(bool(lost))


def _parse(arguments: list[str]) -> argparse.Namespace:
    kinds = [path.kind for path in PATHS]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="half a minute, only a hint")
    parser.add_argument("--only", nargs="+", choices=kinds, default=kinds)
    parser.add_argument("--database", nargs="+", choices=[*_OPENERS], default=[*_OPENERS])
    parser.add_argument("--no-starts", dest="starts", action="store_false")
    parser.add_argument("--no-audit", dest="audit", action="store_false")
    parser.add_argument("--no-grants", dest="grants", action="store_false")
    return parser.parse_args(arguments)


def _audit(folder: Path, names: list[str], rewards: int) -> list[tuple[str, Audited]]:
    """Audit the books of each database, filled for it alone."""
    audits = []
    for name in names:
        own = folder / f"audit-{name}"
        own.mkdir()
        with _OPENERS[name](own) as database:
            audits.append((database.name, audit_books(settings_for(database, own), rewards)))
    return audits


def _grant(folder: Path, names: list[str], sales: int) -> list[tuple[str, Granted]]:
    """Sell and credit on each database, filled for it alone."""
    measured = []
    for name in names:
        own = folder / f"grants-{name}"
        own.mkdir()
        with _OPENERS[name](own) as database:
            granted = measure_grants(database, settings_for(database, own), sales)
            measured.append((database.name, granted))
    return measured


def _prepare(
    stack: ExitStack, folder: Path, names: list[str], effort: Effort
) -> list[tuple[Database, dict[str, str], World]]:
    """Open each database in a folder of its own and seed them all at once."""
    opened = []
    for name in names:
        own = folder / name
        own.mkdir()
        database = stack.enter_context(_OPENERS[name](own))
        opened.append((database, settings_for(database, own)))
    with ThreadPoolExecutor() as pool:
        worlds = pool.map(lambda pair: seed(pair[1], effort.advocates), opened)
        return [(*pair, world) for pair, world in zip(opened, worlds, strict=True)]


def _conditions(effort: Effort) -> str:
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores shared by load, servers and databases; median of"
        f" {effort.rounds} interleaved rounds of {effort.seconds:g} s over"
        f" {effort.connections} connections; load average {load:.1f}. Compare the ratios of one"
        " run, not figures of two"
    )


def _say_misses(measured: list[Measured]) -> int:
    found = misses(measured)
    for line in found:
        print(f"NOT AS ANSWERED: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
