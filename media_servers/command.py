"""`python -m media_servers.NAME`: arguments, and serving over stdio or Streamable HTTP. Shared by the four."""

import argparse
import logging
import math
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from media_servers.application import Access, Application, SettingsError, access
from media_servers.server import MediaServer

PORTS = range(65536)
SHUTDOWN_S = 2  # For answers under way; open event streams are cut then.


def _address(text: str) -> tuple[str, int]:
    """Parse HOST:PORT, an IPv6 host in brackets."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, such as 127.0.0.1:9001")
    return host.strip("[]"), _port(port)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) not in PORTS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535 (0: any that is free)")
    return int(text)


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not 0 < factor <= 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0, at most 1000000")
    return factor


def parse(application: Application, port: int, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; exits with a sentence on stderr when it makes no sense. `port` is the default."""
    parser = argparse.ArgumentParser(
        prog=f"python -m media_servers.{application.name}",
        description=f"MCP server for {application.title}.",
        epilog=f"Where {application.title} is, {application.url_variable} says, and {application.secret_variable} "
        "lets in.",
    )
    parser.add_argument("--transport", choices=("stdio", "http"), default="stdio", help="default: stdio")
    parser.add_argument("--host", default="127.0.0.1", help="for http; default: 127.0.0.1, this machine only")
    parser.add_argument("--port", type=_port, default=port, help=f"for http; 0: any that is free; default: {port}")
    parser.add_argument("--http", type=_address, metavar="HOST:PORT", help="short for --transport http --host --port")
    parser.add_argument("--json-response", action="store_true", help="http: answer with JSON, not an event stream")
    parser.add_argument("--stateless", action="store_true", help="http: keep no sessions")
    parser.add_argument("--simulate", action="store_true", help="no real application: one in memory, for trying out")
    parser.add_argument("--speed", type=_factor, help="with --simulate: seconds in it per real second; default: 1")
    options = parser.parse_args(arguments)
    if options.speed is not None and not options.simulate:
        parser.error("--speed goes with --simulate")
    options.speed = options.speed or 1.0
    if options.http is not None:
        options.transport, (options.host, options.port) = "http", options.http
    return options


def run(
    application: Application,
    port: int,
    *,
    simulated: Callable[[float], MediaServer],
    real: Callable[[Access], MediaServer],
    arguments: Sequence[str] | None = None,
) -> None:
    """Serve until stdin closes (stdio) or SIGTERM comes (http). `simulated` gets the simulation's speed."""
    options = parse(application, port, arguments)
    if options.simulate:
        server = simulated(options.speed)
    else:
        try:
            server = real(access(application, os.environ))
        except SettingsError as error:
            sys.stderr.write(f"{application.name}: {error}.\n")
            sys.exit(2)
    if options.transport == "http":
        _serve_http(server, options)
    else:
        # Nothing needs saving. Python's own handler would wait for the thread that reads stdin: for one more line.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        server.run("stdio")


def is_exposed(host: str) -> bool:
    """Tell whether other machines can reach a socket bound to the IP address `host`."""
    return not ip_address(host.partition("%")[0]).is_loopback


def _serve_http(server: MediaServer, options: argparse.Namespace) -> None:
    import uvicorn  # noqa: PLC0415 -- only here: over stdio it would be start time for nothing

    try:
        listener = socket.create_server(
            (options.host, options.port), family=socket.AF_INET6 if ":" in options.host else socket.AF_INET
        )
    except OSError as error:
        why = str(error.strerror).partition(" (while")[0]  # create_server repeats the address there.
        sys.exit(f"{server.name}: cannot listen on {options.host}, port {options.port}: {why}.")
    app = server.streamable_http_app(
        host=options.host, json_response=options.json_response, stateless_http=options.stateless
    )
    host, port = listener.getsockname()[:2]
    if is_exposed(host):
        logging.getLogger(__name__).warning("%s: open to the network, and nobody is asked for a token", server.name)
    bracketed = f"[{host}]" if ":" in host else host
    sys.stderr.write(f"{server.name}: serving http://{bracketed}:{port}/mcp\n")
    sys.stderr.flush()
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=SHUTDOWN_S)
    uvicorn.Server(config).run(sockets=[listener])
