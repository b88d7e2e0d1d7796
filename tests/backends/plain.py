"""A stand-in written in an hour: a table of paths, HTTP/1.0, no lengths, no queries, loose media types."""

import json
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self, TypeAlias

from typing_extensions import override

SECRET = "pl41nk3y0123456789"  # noqa: S105 -- of nothing but this

# What stands at "GET /path": a document, text that goes out as it is, or what makes either of the request's body.
Routes: TypeAlias = Mapping[str, object | Callable[[Any], object]]


class Plain:
    """Serves `routes` on a free port of 127.0.0.1; all else is a page of HTML with 404. `seen`: method, path, body."""

    def __init__(self, routes: Routes) -> None:
        self.secret = SECRET
        self.seen: list[tuple[str, Any]] = []
        self.routes = routes
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def bodies(self, line: str) -> list[Any]:
        """Return what was sent with each request of this method and path."""
        return [body for seen, body in self.seen if seen == line]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        plain = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                line = f"{self.command} {self.path.partition('?')[0]}"
                sent = json.loads(body) if body else None
                plain.seen.append((line, sent))
                if SECRET not in self.headers.values():
                    self.send_error(401)
                elif line not in plain.routes:
                    self.send_error(404)
                else:
                    found = plain.routes[line]
                    answer = found(sent) if callable(found) else found
                    self.send_response(200)
                    self.send_header("Content-Type", "text/html" if isinstance(answer, str) else "text/plain")
                    self.end_headers()
                    self.wfile.write((answer if isinstance(answer, str) else json.dumps(answer)).encode())

            do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 -- likewise

            @override
            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler
