"""gunicorn.conf.py itself, but serving the bare application."""

import runpy

globals().update(
    {
        name: value
        for name, value in runpy.run_path("gunicorn.conf.py").items()
        if not name.startswith("_") and name != "post_worker_init"
    }
)
wsgi_app = "bench.bare:app"
