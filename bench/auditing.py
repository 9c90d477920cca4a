"""Asks a process of its own how long an audit takes."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Audited:
    """What was measured; `scan_s` is the bare limit: one sum over the ledger's entries."""

    rewards: int
    entries: int
    violations: int
    audit_s: float
    scan_s: float


def audit_books(settings: dict[str, str], rewards: int) -> Audited:
    """Fill a database with so many rewards and audit it once."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.ledger", str(rewards)],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"auditing failed:\n{done.stderr}")
    return Audited(**json.loads(done.stdout.splitlines()[-1]))
