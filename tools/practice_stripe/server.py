"""The HTTP server on 127.0.0.1: the API, the control surface and the pages, side by side."""

from __future__ import annotations

import base64
import binascii
import select
import signal
import socket
import struct
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from .books import Books
from .control import Control
from .courier import Courier
from .desk import Desk
from .errors import broken
from .pages import Pages
from .replies import Call, Reply, from_refusal

_MOST_BODY = 1_000_000
_LOCAL_NAMES = ("127.0.0.1", "localhost")
_DRIPS = 20


class Server(ThreadingHTTPServer):
    """One practice account behind one port. `start` it, and `stop` it again."""

    daemon_threads = False
    request_queue_size = 256

    def __init__(
        self, port: int = 0, *, state: str | None = None, only_key: str | None = None
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.stopping = threading.Event()
        self.books = Books(state)
        self.books.base_url = self.url
        self.courier = Courier(self.books)
        self.desk = Desk(
            self.books,
            only_key=only_key,
            pause=self.stopping.wait,
            after_commit=self.courier.wake,
        )
        self.control = Control(self.books, self.desk, self.courier)
        self.pages = Pages(self.books, self.courier.wake)
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> None:
        """Serve in the background."""
        self.courier.start()
        self._thread.start()

    def stop(self) -> None:
        """End every wait and connection, then close the books."""
        self.stopping.set()
        self.shutdown()
        with self._connections_lock:
            for connection in self._connections:
                _quietly_shut(connection)
        self.server_close()
        self.courier.stop()
        self.books.close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that stopping can end it."""
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; one marked for a reset is not said goodbye to."""
        with self._connections_lock:
            self._connections.discard(request)
        if _lingers(request):
            super().shutdown_request(request)
        else:
            request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about clients that went away."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            traceback.print_exc()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "PracticeStripe"
    sys_version = ""
    wbufsize = -1
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self._read_body()
        if body is None:
            return
        try:
            reply = self._route(body)
        except Exception:  # the one place where a bug of ours becomes an answer
            traceback.print_exc()
            reply = from_refusal(broken(is_kept=False))
        self._send(reply)

    do_GET = do_POST = do_DELETE = do_HEAD = _serve

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet; the calls are listed under /_practice/calls."""

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _MOST_BODY:
            self.close_connection = True
            self.send_error(413)
            return None
        return self.rfile.read(int(length))

    def _route(self, body: bytes) -> Reply:
        address = urlsplit(self.path)
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname not in _LOCAL_NAMES:
            return Reply(421, b"Practice Stripe is for this machine only.\n")
        if address.path.startswith("/v1/"):
            return self.server.desk.answer(
                Call(
                    method=self.command,
                    path=address.path,
                    query=address.query,
                    body=body,
                    api_key=_api_key(self.headers.get("Authorization", "")),
                    key=self.headers.get("Idempotency-Key"),
                    payee=self.headers.get("Stripe-Account"),
                )
            )
        if address.path.startswith("/_practice/"):
            if self.headers.get("Origin") is not None:
                return Reply(403, b"Not for web pages.\n")
            return self.server.control.answer(self.command, address.path, body)
        return self.server.pages.answer(self.command, address.path, body)

    def _send(self, reply: Reply) -> None:
        if reply.ending == "reset":
            _mark_for_reset(self.connection)
        if reply.ending in ("close", "reset"):
            self._wait_for_client(reply.pause_s)
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if "Content-Type" not in reply.headers:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        body = b"" if self.command == "HEAD" else reply.body
        if reply.ending == "drip":
            self._drip(body, reply.pause_s)
        else:
            self.wfile.write(body)

    def _wait_for_client(self, seconds: float) -> None:
        """Hang until the time is over, the client has given up or the server stops."""
        waited = 0.0
        while waited < seconds and not self.server.stopping.wait(0.05):
            waited += 0.05
            if select.select([self.connection], [], [], 0)[0]:
                return

    def _drip(self, body: bytes, seconds: float) -> None:
        size = max(1, len(body) // _DRIPS)
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            self.wfile.flush()
            if self.server.stopping.wait(seconds / _DRIPS):
                return


def serve(server: Server) -> None:
    """Serve until TERM or INT, in the main thread."""
    ending = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    server.start()
    ending.wait()
    server.stop()


def _api_key(header: str) -> str | None:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0] or None
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None


def _mark_for_reset(connection: socket.socket) -> None:
    """Make closing this connection send a reset instead of a goodbye."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _lingers(connection: socket.socket) -> bool:
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
    return struct.unpack("ii", packed) != (1, 0)


def _quietly_shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
