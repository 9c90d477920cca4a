"""The project's tasks, for a machine that has only Python: python3 tools/dev.py TASK.

Uses the standard library only, makes `.venv` when it is needed, and runs everything inside it.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - said before anything newer is imported
    sys.exit("Python 3.11 or newer is needed; this is %d.%d." % sys.version_info[:2])  # noqa: UP031

import os
import re
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from tools.environment import (
    DEV_LOCK,
    ROOT,
    RUN_LOCK,
    UV_LOCK,
    VENV,
    ensure,
    ensure_uv,
    find_chromium,
)

MOST_TEST_WORKERS = 4
CHECKS: dict[str, list[str | Path]] = {
    "ruff check": ["-m", "ruff", "check"],
    "ruff format": ["-m", "ruff", "format", "--check"],
    "mypy --strict": ["-m", "mypy", "--strict", "referral"],
    "import rules": [VENV / "bin" / "lint-imports", "--no-logo"],
    "templates": ["-m", "djlint", "templates", "--lint", "--quiet"],
    "migrations": ["-m", "pytest", "-q", "tests/migrations"],
}


def main(arguments: list[str]) -> int:
    """Run the task named first, with the arguments after it, and return its exit code."""
    if not arguments or arguments[0] not in TASKS:
        print(_usage())
        return 0 if arguments in (["-h"], ["--help"]) else 2
    os.chdir(ROOT)
    try:
        return TASKS[arguments[0]](arguments[1:])
    except KeyboardInterrupt:
        print("\nInterrupted. What was begun is finished or begun anew next time.")
        return 130


def setup(arguments: list[str]) -> int:
    """Install everything that development needs; the other tasks do so by themselves."""
    ensure(DEV_LOCK)
    print("Ready: make run, make test, make check.")
    return 0


def run(arguments: list[str]) -> int:
    """Serve the product with its demo; PORT says where (default 8000)."""
    python = ensure(RUN_LOCK)
    os.environ.setdefault("REFERRAL_ENV", "development")
    return _become([python, "-m", "flask", "--app", "wsgi", "serve", "--demo", *arguments])


def test(arguments: list[str]) -> int:
    """Run the tests, all or those that pytest's arguments name."""
    python = ensure(DEV_LOCK)
    if find_chromium() is None:
        print("NOT TESTED HERE: browser tests need Chromium (Debian: apt-get install chromium).")
    return _become([python, "-m", "pytest", *_spread(arguments), *arguments])


def check(arguments: list[str]) -> int:
    """Check code, types, imports, templates and migrations; one failure stops no other."""
    python = ensure(DEV_LOCK)
    with ThreadPoolExecutor(max_workers=2) as pool:
        results = pool.map(lambda item: _checked(python, *item), CHECKS.items())
        failed = [name for name, passed in results if not passed]
    print(f"{len(failed)} of {len(CHECKS)} checks failed." if failed else "All checks passed.")
    return 1 if failed else 0


def bench(arguments: list[str]) -> int:
    """Measure the hot paths, each beside the bare limit of the same run."""
    return _become([ensure(DEV_LOCK), "-m", "bench", *arguments])


def mutations(arguments: list[str]) -> int:
    """Break chosen lines one at a time, in a copy, and see that the tests notice each."""
    return _become([ensure(DEV_LOCK), "-m", "tools.mutations", *arguments])


def lock(arguments: list[str]) -> int:
    """Lock the requirements with hashes; --upgrade takes newer versions."""
    ensure(DEV_LOCK)
    uv = ensure_uv()
    for locked, constraints in ((RUN_LOCK, []), (DEV_LOCK, ["-c", RUN_LOCK.name]), (UV_LOCK, [])):
        source = locked.with_suffix(".in").name
        command = [uv, "pip", "compile", source, "-o", locked.name, "--quiet", *constraints]
        command += ["--universal", "--generate-hashes", "--python-version", "3.11", "--no-header"]
        command += ["--no-emit-index-url", "--no-emit-find-links", *arguments]
        if subprocess.run(command, check=False).returncode != 0:
            return 1
        if re.search(r"://|^--(?!hash)", locked.read_text(), re.MULTILINE):
            print(f"{locked.name} names a package index; a lock file may not.")
            return 1
    return 0


TASKS: dict[str, Callable[[list[str]], int]] = {
    "run": run,
    "test": test,
    "check": check,
    "bench": bench,
    "mutations": mutations,
    "lock": lock,
    "setup": setup,
}


def _usage() -> str:
    lines = [f"  {name:9} {task.__doc__}" for name, task in TASKS.items()]
    return "\n".join(["python3 tools/dev.py TASK [arguments], or make TASK", "", *lines])


def _become(command: list[str | Path]) -> int:
    """Replace this process, so that Ctrl-C and the exit code belong to the command alone."""
    sys.stdout.flush()
    os.execv(command[0], [os.fspath(word) for word in command])


def _spread(arguments: list[str]) -> list[str]:
    """Choose pytest's workers: one per core, none where a person watches a single test."""
    alone = ("-n", "--numprocesses", "--pdb", "-s", "--collect-only")
    if any(argument.startswith(alone) or "::" in argument for argument in arguments):
        return []
    return ["-n", str(min(os.cpu_count() or 1, MOST_TEST_WORKERS)), "--dist", "worksteal"]


def _checked(python: Path, name: str, command: list[str | Path]) -> tuple[str, bool]:
    started = time.monotonic()
    result = subprocess.run(
        [python, *command],
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    passed = result.returncode == 0
    spent_s = time.monotonic() - started
    report = f"{'ok    ' if passed else 'FAILED'} {name:14} {spent_s:5.1f} s"
    print(report if passed else f"{report}\n{result.stdout}", flush=True)
    return name, passed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
