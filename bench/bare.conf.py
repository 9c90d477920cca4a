"""gunicorn.conf.py itself, but serving the bare application, without the product's own hooks."""

import runpy

globals().update(
    {
        name: value
        for name, value in runpy.run_path("gunicorn.conf.py").items()
        if not name.startswith(("_", "post_"))
    }
)
wsgi_app = "bench.bare:app"
