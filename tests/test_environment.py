"""The environment is made once, made whole, and left alone while it is current."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import environment


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A folder with two lock files, where installing is only counted."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text("flask==3.1.3\n")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(environment, "PYTHON", tmp_path / ".venv/bin/python")
    monkeypatch.setattr(environment, "CUT_OFF", tmp_path / ".venv/.installing")
    monkeypatch.setattr(environment, "RUN_LOCK", tmp_path / "requirements.txt")
    monkeypatch.setattr(environment, "DEV_LOCK", tmp_path / "requirements-dev.txt")
    monkeypatch.setattr(environment, "_create", lambda: make_python(tmp_path))
    monkeypatch.setattr(environment, "_install_with_uv", lambda lock: log(tmp_path, lock.name))
    return tmp_path


def make_python(project: Path) -> None:
    """Stand in for `python -m venv`: this Python under the expected name."""
    log(project, "created")
    python = project / ".venv/bin/python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.unlink(missing_ok=True)
    python.symlink_to(sys.executable)
    environment.CUT_OFF.unlink(missing_ok=True)


def log(project: Path, line: str) -> bool:
    """Note what was done, and that it went well."""
    with (project / "log").open("a") as lines:
        lines.write(f"{line}\n")
    return True


def done(project: Path) -> list[str]:
    """List what was done so far."""
    path = project / "log"
    return path.read_text().split() if path.exists() else []


def test_the_second_start_does_nothing(project):
    environment.ensure(environment.RUN_LOCK)
    first = done(project)
    environment.ensure(environment.RUN_LOCK)
    assert first == done(project) == ["created", "requirements.txt"]


def test_what_development_needs_is_enough_to_run(project):
    environment.ensure(environment.DEV_LOCK)
    environment.ensure(environment.RUN_LOCK)
    assert done(project) == ["created", "requirements-dev.txt"]


def test_a_changed_lock_is_installed_into_what_is_there(project):
    environment.ensure(environment.RUN_LOCK)
    environment.RUN_LOCK.write_text("flask==3.1.4\n")
    environment.ensure(environment.RUN_LOCK)
    assert done(project) == ["created", "requirements.txt", "requirements.txt"]


def test_an_installation_cut_off_half_way_is_built_anew(project, monkeypatch):
    monkeypatch.setattr(environment, "_install_with_uv", cut_off)
    with pytest.raises(KeyboardInterrupt):
        environment.ensure(environment.RUN_LOCK)
    monkeypatch.setattr(environment, "_install_with_uv", lambda lock: log(project, lock.name))
    environment.ensure(environment.RUN_LOCK)
    assert done(project) == ["created", "created", "requirements.txt"]


def cut_off(lock: Path) -> bool:
    """Stand in for a kill in the middle of an installation."""
    raise KeyboardInterrupt


def test_what_cannot_be_installed_is_not_called_current(project, monkeypatch):
    monkeypatch.setattr(environment, "_install_with_uv", lambda lock: False)
    monkeypatch.setattr(environment, "_install_with_pip", lambda lock: False)
    with pytest.raises(SystemExit, match="could not be installed"):
        environment.ensure(environment.RUN_LOCK)
    assert not list(environment.VENV.glob(".holds-*"))


def test_an_environment_whose_python_is_gone_is_built_anew(project):
    environment.ensure(environment.RUN_LOCK)
    environment.PYTHON.unlink()
    environment.PYTHON.symlink_to(project / "gone")
    environment.ensure(environment.RUN_LOCK)
    assert done(project) == ["created", "requirements.txt"] * 2


def test_a_python_without_venv_says_which_package_to_install(monkeypatch):
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"apt-get install python3\.\d+-venv"):
        environment._create()


def test_an_unknown_task_is_answered_with_the_tasks():
    command = [sys.executable, os.fspath(environment.ROOT / "tools/dev.py"), "dance"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "make TASK" in told.stdout


def test_the_lock_files_name_no_package_index():
    for lock in (environment.RUN_LOCK, environment.DEV_LOCK, environment.UV_LOCK):
        assert "://" not in lock.read_text()


def test_both_lock_files_agree_on_every_version():
    run, dev = (
        {
            line.split(";")[0].split(" \\")[0].strip()
            for line in lock.read_text().splitlines()
            if "==" in line
        }
        for lock in (environment.RUN_LOCK, environment.DEV_LOCK)
    )
    assert len(run) > 50
    assert run <= dev
