"""A real MCP server over stdio whose process misbehaves: what its calls ask for, and what a file says at its start.

`python faulty_child.py LOG ORDERS`. Standard library only, so that it starts fast.

* LOG: each call appends the line `tool id` before anything else: what has run is known also of a child that died.
* ORDERS: a file. If it says anything when the child starts, that goes to stderr and the child exits with 1.
* Tools: `read` (readOnlyHint) and `write` (no hint). They answer with their arguments; the argument `then` says what
  they do besides, or instead: one of `DEEDS`.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TOOLS = [
    {"name": "read", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}},
    {"name": "write", "inputSchema": {"type": "object"}},
]
_GARBAGE = 'Starting...\n\n{"jsonrpc": \n\x1b[31m[1, 2]\x1b[0m\nnull\n"a string"\n{"neither": "this"}\n'
_LONG_S = 60.0  # Longer than any test.


def say(text: str) -> None:
    """Write to stdout as it stands."""
    data = text.encode()
    while data:
        data = data[os.write(1, data) :]


def hold(_answer: str) -> None:
    """Answer never."""


def die(_answer: str) -> None:
    """End as by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def half(answer: str) -> None:
    """End in the middle of the answer."""
    say(answer[: len(answer) // 2])
    die("")


def pieces(answer: str) -> None:
    """Answer byte by byte."""
    for character in answer:
        say(character)


def garbage(answer: str) -> None:
    """Write lines that are no JSON-RPC before the answer and after it."""
    say(_GARBAGE + answer + _GARBAGE)


def complain(answer: str) -> None:
    """Write 10 MB to stderr before the answer."""
    for _ in range(10_000):
        os.write(2, b"x" * 999 + b"\n")
    say(answer)


def deaf(answer: str) -> None:
    """Answer, and read nothing any more."""
    say(answer)
    time.sleep(_LONG_S)


def grandchild(answer: str, *, own_session: bool = False) -> None:
    """Leave a process behind, which holds the pipes; its number is the answer."""
    command = ["/bin/sleep", str(_LONG_S)]
    with subprocess.Popen(command, start_new_session=own_session) as process:  # noqa: S603 -- just above
        process.returncode = 0  # It is not waited for.
        message = json.loads(answer)
        message["result"] = said(str(process.pid))
        say(json.dumps(message) + "\n")


def daemon(answer: str) -> None:
    """Leave a process behind as `grandchild` does, in a session of its own."""
    grandchild(answer, own_session=True)


DEEDS: dict[str, Callable[[str], None]] = {
    deed.__name__: deed for deed in (hold, die, half, pieces, garbage, complain, deaf, grandchild, daemon)
}


def said(text: str) -> dict[str, Any]:
    """Return the result of a tool."""
    return {"content": [{"type": "text", "text": text}]}


def call(params: dict[str, Any], answer: Callable[[dict[str, Any]], str], log: Path) -> None:
    """Run a tool. `hold_first` holds the first call of an id, also if that was in an earlier process."""
    arguments = params.get("arguments", {})
    line = f"{params['name']} {arguments.get('id')}\n"
    is_first = not log.exists() or line not in log.read_text()
    with log.open("a") as file:
        file.write(line)
    deed = str(arguments.get("then"))
    if deed == "hold_first" and is_first:
        deed = "hold"
    DEEDS.get(deed, say)(answer(said(json.dumps(arguments))))


def main() -> None:
    """Serve until stdin ends."""
    log, orders = Path(sys.argv[1]), Path(sys.argv[2])
    if orders.exists() and (reason := orders.read_text()):
        sys.exit(reason)
    while text := sys.stdin.readline():
        message = json.loads(text)
        if "id" not in message or "method" not in message:
            continue

        def answer(result: dict[str, Any], request_id: object = message["id"]) -> str:
            return json.dumps({"jsonrpc": "2.0", "id": request_id, "result": result}) + "\n"

        match message["method"]:
            case "initialize":
                info = {"name": "faulty child", "version": "1"}
                say(answer({"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info}))
            case "tools/list":
                say(answer({"tools": TOOLS}))
            case "tools/call":
                call(message["params"], answer, log)
            case _:
                say(answer({}))


if __name__ == "__main__":
    main()
