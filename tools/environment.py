"""What the machine has: the virtual environment, made and filled from a lock file, and a browser.

Uses the standard library only. Every step may be killed: the stamp that says "current" is written
last, and an environment whose installation was cut off is built anew.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CUT_OFF = VENV / ".installing"
RUN_LOCK = ROOT / "requirements.txt"
DEV_LOCK = ROOT / "requirements-dev.txt"
UV_LOCK = ROOT / "requirements-uv.txt"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def ensure(lock: Path) -> Path:
    """Make the environment hold what `lock` names, and return its Python.

    Does nothing, in a few milliseconds, when it already does. Two at once wait for each other.
    Ends the program with one plain line when Python or the network cannot do it.
    """
    if _is_current(lock):
        return PYTHON
    with _only_one():
        if not _is_current(lock):
            _install(lock)
    return PYTHON


def ensure_uv() -> str:
    """Return the path of uv: the one on PATH, or our own, installed with its hashes checked."""
    found = _find_uv()
    if found is None:
        raise SystemExit("uv is needed for this and could not be installed: pip install uv")
    return found


def find_chromium() -> str | None:
    """Return the path of the machine's Chromium, if it has one."""
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def _is_current(lock: Path) -> bool:
    stamp = _stamp(lock)
    return PYTHON.exists() and stamp.exists() and stamp.read_text() == _fingerprint(lock)


def _stamp(lock: Path) -> Path:
    return VENV / f".holds-{lock.stem}"


def _fingerprint(lock: Path) -> str:
    """Name the exact content: the lock file, the one it builds on, and the Python underneath."""
    content = hashlib.sha256(os.path.realpath(PYTHON).encode())
    for part in _included(lock):
        content.update(part.read_bytes())
    return content.hexdigest()


def _included(lock: Path) -> list[Path]:
    """List the lock files that `lock` satisfies: the development set holds the run set."""
    return [RUN_LOCK, DEV_LOCK] if lock == DEV_LOCK else [lock]


@contextmanager
def _only_one() -> Iterator[None]:
    """Hold a lock on the project's folder itself, so that no lock file can be left behind."""
    handle = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _install(lock: Path) -> None:
    started = time.monotonic()
    print(
        f"Installing what {lock.name} names into .venv; this takes about a minute the first time.",
        flush=True,
    )
    if not _is_whole():
        _create()
    CUT_OFF.touch()
    if not (_install_with_uv(lock) or _install_with_pip(lock)):
        raise SystemExit(
            "The packages could not be installed. The lines above say why; "
            "without a network, set PIP_INDEX_URL or PIP_FIND_LINKS to where they can be had."
        )
    for part in _included(lock):
        _write_stamp(part)
    CUT_OFF.unlink()
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)


def _is_whole() -> bool:
    """Tell whether the environment can be built upon: it starts, has pip, and was never cut off."""
    if CUT_OFF.exists() or not PYTHON.exists():
        return False
    return _run_quietly([str(PYTHON), "-m", "pip", "--version"])


def _create() -> None:
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            raise SystemExit(
                f"This Python has no {module} module. "
                f"On Debian or Ubuntu: sudo apt-get install python{version}-venv"
            )
    shutil.rmtree(VENV, ignore_errors=True)
    command = [sys.executable, "-m", "venv", str(VENV)]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    if made.returncode != 0:
        print(made.stdout + made.stderr, end="", flush=True)
        raise SystemExit("Python could not make a virtual environment; the lines above say why.")


def _install_with_uv(lock: Path) -> bool:
    uv = _find_uv()
    if uv is None:
        return False
    command = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(PYTHON)]
    return _run_quietly([*command, "--require-hashes", "-r", str(lock)], env=_uv_environment())


def _find_uv() -> str | None:
    found = shutil.which("uv") or shutil.which("uv", path=str(VENV / "bin"))
    if found is None and _pip_install(UV_LOCK, quietly=True):
        found = shutil.which("uv", path=str(VENV / "bin"))
    return found


def _uv_environment() -> dict[str, str]:
    """Tell uv what pip was told about where packages are and whom to trust."""
    told = {"UV_DEFAULT_INDEX": "PIP_INDEX_URL", "SSL_CERT_FILE": "PIP_CERT"}
    env = dict(os.environ)
    for name, pip_name in told.items():
        if pip_name in env:
            env.setdefault(name, env[pip_name])
    return env


def _install_with_pip(lock: Path) -> bool:
    return _pip_install(lock, quietly=False)


def _pip_install(lock: Path, *, quietly: bool) -> bool:
    command = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    command += ["--no-input", "--require-hashes", "-r", str(lock)]
    if quietly:
        return _run_quietly(command)
    return subprocess.run(command, check=False).returncode == 0


def _run_quietly(command: list[str], *, env: dict[str, str] | None = None) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True, env=env).returncode == 0
    except OSError:
        return False


def _write_stamp(lock: Path) -> None:
    stamp = _stamp(lock)
    unfinished = stamp.with_suffix(".part")
    unfinished.write_text(_fingerprint(lock))
    unfinished.replace(stamp)
