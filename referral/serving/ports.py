"""Whether an address can be listened at, and whether somebody answers there."""

from __future__ import annotations

import errno
import http.client
import socket

_HIGHEST = 65535
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104


def trouble_at(host: str, port: int, *, setting: str = "PORT") -> str:
    """Say in one line why nobody could listen there; nothing when it is free.

    A port that was just left counts as free. `setting` is what chooses another port.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return _in_words(error, host, port, setting)
    return ""


def free_port_after(port: int) -> int:
    """Return the first free port above one, for a helper beside the web."""
    return next(one for one in range(port + 1, port + 50) if not trouble_at("127.0.0.1", one))


def answers(host: str, port: int, *, path: str) -> bool:
    """Tell whether a server of ours answers 200 there."""
    near = "127.0.0.1" if host in _EVERYWHERE else host
    connection = http.client.HTTPConnection(near, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _in_words(error: OSError, host: str, port: int, setting: str) -> str:
    reasons = {errno.EADDRINUSE: "in use", errno.EACCES: "for administrators only"}
    if error.errno in reasons:
        other = port + 1000 if port < _HIGHEST - 1000 else port - 1000
        reason = reasons[error.errno]
        return f"Port {port} is {reason}. Choose another: {setting}={other} make run"
    return f"HOST is {host!r}, which is no address of this machine. Leave it out, or use 0.0.0.0."
