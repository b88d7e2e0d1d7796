"""`mcp-orchestrator run --attach`: shows a daemon as it lives, and ends nothing but itself."""

import signal
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeAlias

from mcp_orchestrator.cli.attach import Attached, AwayError, Picture
from mcp_orchestrator.cli.exits import ExitCode
from mcp_orchestrator.cli.screens import Screen
from mcp_orchestrator.cli.wording import clock_time

_AGAIN_S = 1.0

_News: TypeAlias = "tuple[str, Any] | Exception"


def follow(daemon: Attached, make_screen: Callable[[Picture], Screen]) -> ExitCode:
    """Show a daemon until Ctrl-C, or SIGTERM. UsageError, AwayError: there is nothing to show."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    news: SimpleQueue[_News] = SimpleQueue()
    Thread(target=_read, args=(daemon, news), name="reads-events", daemon=True).start()
    try:
        picture = Picture()
        _take(picture, news.get())
        if picture.away:
            raise AwayError(picture.away)
        with make_screen(picture) as screen:
            screen.say(_foot(daemon, picture))
            while True:
                _show(daemon, picture, screen, _arrived(news))
    except KeyboardInterrupt:
        return ExitCode.OK


def _show(daemon: Attached, picture: Picture, screen: Screen, news: list[_News]) -> None:
    before = picture.away, picture.overview.get("state")
    for one in news:
        _take(picture, one)
    if (picture.away, picture.overview.get("state")) == before:
        screen.refresh()
    elif not (picture.away and before[0]):  # Why it is still away is no news.
        screen.say(_foot(daemon, picture))


def _take(picture: Picture, one: _News) -> None:
    if isinstance(one, AwayError):
        picture.lose(str(one))
    elif isinstance(one, Exception):
        raise one
    else:
        picture.take(*one)


def _foot(daemon: Attached, picture: Picture) -> str:
    if picture.away:
        return f"{clock_time(time.time())} away, trying again: {picture.away}"
    state, reason = picture.overview["state"], picture.overview["reason"]
    return f"{daemon.url}: {state}{f', {reason}' if reason else ''}; Ctrl-C ends this view, not the daemon"


def _arrived(news: SimpleQueue[_News]) -> list[_News]:
    """Wait for news, and return all there are."""
    arrived = [news.get()]
    try:
        while True:
            arrived.append(news.get_nowait())
    except Empty:
        return arrived


def _read(daemon: Attached, news: SimpleQueue[_News]) -> None:
    """Read events on a thread, and begin anew whenever they end, until that makes no sense, or never did."""
    was_there = False
    while True:
        try:
            for one in daemon.events():
                was_there = True
                news.put(one)
        except Exception as error:
            news.put(error)
            if not was_there or not isinstance(error, AwayError):
                return
        time.sleep(_AGAIN_S)
