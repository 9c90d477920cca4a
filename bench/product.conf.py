"""gunicorn.conf.py itself; each process notes at its end whether it had imported stripe."""

import os
import runpy
import sys
from pathlib import Path
from typing import Any

globals().update(
    {
        name: value
        for name, value in runpy.run_path("gunicorn.conf.py").items()
        if not name.startswith("_")
    }
)


def worker_exit(server: Any, worker: Any) -> None:
    """Write the note into the folder that the bench named."""
    note = Path(os.environ["BENCH_FOLDER"]) / f"stripe-{worker.pid}"
    note.write_text("imported" if "stripe" in sys.modules else "not imported")
