"""PlexApi keeps to itself: it starts without Plex, comes back with it, and reads nobody else's settings."""

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mcp import Client
from typing_extensions import override

from media_servers.application import PLEX, Access
from media_servers.plex.api import PlexApi
from media_servers.plex.tools import make_server
from tests.backends.stub import Answer, Request, Stub
from tests.fixtures import plex_answers as xml
from tests.fixtures.media import ask, refusal

ROOT = Path(__file__).resolve().parents[3]


class Canned(Stub):
    """Says the same about everything, to who has the token."""

    @override
    def answer(self, request: Request) -> Answer:
        if request.headers.get("x-plex-token") != xml.TOKEN:
            return Answer(status=401)
        answers = {
            "/": xml.ROOT,
            "/library/sections": xml.SECTIONS,
            "/library/sections/1/all": xml.container(xml.MOVIE, totalSize=1),
            "/library/sections/1/refresh": "",
            "/status/sessions": xml.SESSIONS,
            "/hubs/search": xml.container(xml.hub("movie", xml.MOVIE)),
        }
        return Answer(body=answers[request.path].encode(), media_type=xml.XML) if request.path in answers else NOTHING


NOTHING = Answer(status=404)


def access(stub: Stub) -> Access:
    return Access(application=PLEX, url=stub.url, secret=xml.TOKEN, timeout_s=20)


def run(code: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_server_starts_and_lists_its_tools_without_plex_then_finds_it_whenever_it_is_there() -> None:
    with Canned() as stub:
        plex = PlexApi(access(stub))
        server = make_server(plex)
        assert stub.seen == []

        stub.stop()

        async def tools() -> int:
            async with Client(server) as client:
                return len((await client.list_tools()).tools)

        assert asyncio.run(tools()) == 10
        assert "cannot be reached" in refusal(server, "get_sessions")
        assert not ask(server, "health_check")["healthy"]

        for _ in range(2):  # It comes, it is restarted.
            stub.start()
            assert ask(server, "health_check")["healthy"]
            assert ask(server, "get_sessions")["total"] == 3
            stub.stop()
            assert "cannot be reached" in refusal(server, "get_version")


def test_kept_connections_that_plex_has_closed_are_no_error() -> None:
    with Canned() as stub:
        plex = PlexApi(access(stub))
        plex.version()

        stub.hang_up()

        assert plex.version().version
        assert plex.scan(1).title == "Films"


def test_an_answer_that_is_lost_is_asked_for_again_but_a_scan_is_not() -> None:
    with Canned() as stub:
        server = make_server(PlexApi(access(stub)))
        stub.next("lost")
        assert ask(server, "get_sessions")["total"] == 3
        stub.seen.clear()

        stub.next(Answer(body=xml.SECTIONS.encode(), media_type=xml.XML), "lost")
        sentence = refusal(server, "scan_library", library_id=1)

        assert "may have been made" in sentence
        assert [request.path for request in stub.seen] == ["/library/sections", "/library/sections/1/refresh"]


def test_many_threads_may_ask_at_once() -> None:
    with Canned() as stub, ThreadPoolExecutor(8) as threads:
        plex = PlexApi(access(stub))
        searches = [threads.submit(plex.search, "x", offset=0, limit=5) for _ in range(24)]
        sessions = [threads.submit(plex.sessions) for _ in range(24)]

        assert {search.result(30).items[0].title for search in searches} == {"Metropolis"}
        assert {len(session.result(30)) for session in sessions} == {3}


def test_neither_plexapi_s_file_nor_its_variables_are_read_and_no_log_is_written(tmp_path: Path) -> None:
    settings = tmp_path / ".config" / "plexapi" / "config.ini"
    settings.parent.mkdir(parents=True)
    log = tmp_path / "plexapi.log"
    settings.write_text(f"[plexapi]\ntimeout = 77\n[log]\npath = {log}\n[header]\nproduct = Somebody\n")
    code = (
        "import media_servers.plex.typed as typed, plexapi;"
        "print(plexapi.TIMEOUT, plexapi.X_PLEX_PRODUCT, plexapi.CONFIG.data, plexapi.log.handlers,"
        " typed.Plex(lambda *_: None)._autoReload)"
    )

    ended = run(
        code,
        HOME=str(tmp_path),
        PLEXAPI_LOG_PATH=str(log),
        PLEXAPI_PLEXAPI_TIMEOUT="78",
        PLEXAPI_PLEXAPI_AUTORELOAD="1",
    )

    assert (ended.stdout.strip(), ended.stderr) == ("30 PlexAPI {} [<NullHandler (NOTSET)>] False", "")
    assert not log.exists()


def test_proxies_and_passwords_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    with Canned() as stub:
        assert PlexApi(access(stub)).version().version

    assert not [request for request in stub.seen if "authorization" in request.headers]


def test_a_simulation_loads_neither_requests_nor_plexapi() -> None:
    ended = run("import media_servers.plex.__main__, sys; print({'requests', 'plexapi'} & sys.modules.keys())")

    assert (ended.stdout.strip(), ended.stderr) == ("set()", "")


def test_without_plexapi_the_last_line_on_stderr_says_how_to_get_it() -> None:
    ended = run(
        "import sys, runpy; sys.modules['plexapi'] = None; runpy.run_module('media_servers.plex', run_name='__main__')",
        PLEX_URL="http://127.0.0.1:9",
        PLEX_TOKEN="x",  # noqa: S106 -- opens nothing
    )

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].endswith("needs plexapi: pip install '.[media]' in a clone")
