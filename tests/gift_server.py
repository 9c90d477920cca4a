"""A business's own server that hands out gifts: it keeps the promise of the id, and may fail."""

import base64
import hashlib
import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hmac import compare_digest, digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any]
FULFILLED: Answer = (200, {"status": "fulfilled", "reference": "gift-4711"})
ACCEPTED: Answer = (202, {"status": "accepted"})
REFUSED: Answer = (200, {"status": "refused", "reason": "Sold out for good."})
CUT_BEFORE, CUT_AFTER = "cut before", "cut after"
"""The connection ends without an answer: before anything was done, or after it."""


@dataclass
class Asked:
    """One request as it came."""

    message_id: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class GiftServer:
    """Does what `answer` says once for each id, and answers the same as often as it is asked.

    `troubles` are met first, one for each request: an answer without effect, or a cut line.
    """

    url: str
    answer: Answer = FULFILLED
    troubles: deque[Any] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)
    done: dict[str, Answer] = field(default_factory=dict)

    def take(self, asked: Asked) -> Any:
        """Do what was asked, once, and return what to answer; None cuts the line."""
        self.asked.append(asked)
        trouble = self.troubles.popleft() if self.troubles else None
        if trouble not in (None, CUT_AFTER):
            return None if trouble == CUT_BEFORE else trouble
        answer = self.done.setdefault(asked.message_id, self.answer)
        return None if trouble == CUT_AFTER else answer

    @property
    def ids(self) -> set[str]:
        return {one.message_id for one in self.asked}


def is_signed(asked: Asked, secret: str) -> bool:
    """Verify a request as Standard Webhooks says, with nothing of ours."""
    stamp = asked.headers["webhook-timestamp"]
    if abs(time.time() - int(stamp)) > 300:
        return False
    key = base64.b64decode(secret.split("_", 1)[1])
    signed = b".".join((asked.message_id.encode(), stamp.encode(), asked.body))
    wanted = base64.b64encode(digest(key, signed, hashlib.sha256)).decode()
    offered = asked.headers["webhook-signature"].split(" ")
    return any(compare_digest(one, f"v1,{wanted}") for one in offered)


@contextmanager
def gift_server() -> Iterator[GiftServer]:
    """Run a gift server on a free port of this machine."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(headers["webhook-id"], headers, body, time.monotonic())
            answer = known.take(asked)
            if answer is None:
                return
            if callable(answer):
                answer(self)
                return
            status, said = answer
            sent = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            if 300 <= status < 400:
                self.send_header("Location", known.url)
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    known = GiftServer(f"http://127.0.0.1:{server.server_port}/gifts")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
