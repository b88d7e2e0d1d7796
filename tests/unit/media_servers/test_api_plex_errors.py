"""Every tool and every way in which Plex fails: one sentence with the remedy, and never the token."""

import re
from collections.abc import Callable

import pytest
import requests
import responses

from media_servers.errors import (
    BackendError,
    BadAnswerError,
    RefusedError,
    SecretRefusedError,
    UnclearError,
    UnknownIdError,
    UnreachableError,
)
from media_servers.plex.api import PlexApi
from tests.fixtures import plex_answers as xml
from tests.fixtures.plex_answers import ACCESS, TOKEN, URL, asked, container, plex_that_says

ANY = re.compile(r"http://plex\.invalid:32400/.*")
REFRESH = f"{URL}/library/sections/1/refresh"
READS: dict[str, Callable[[PlexApi], object]] = {
    "get_libraries": lambda plex: plex.libraries(),
    "get_library_items": lambda plex: plex.items(1, offset=0, limit=1),
    "get_recently_added": lambda plex: plex.recently_added(None, offset=0, limit=1),
    "get_recently_added of one": lambda plex: plex.recently_added(1, offset=0, limit=1),
    "get_on_deck": lambda plex: plex.on_deck(offset=0, limit=1),
    "get_sessions": lambda plex: plex.sessions(),
    "search": lambda plex: plex.search("x", offset=0, limit=1),
    "get_history": lambda plex: plex.history(offset=0, limit=1),
    "get_version": lambda plex: plex.version(),
    "scan_library": lambda plex: plex.scan(1),
}
MIGRATING = (
    '<?xml version="1.0"?><Response code="503" title="Maintenance" '
    'status="Plex Media Server is currently running database migrations."/>'
)
UNAUTHORISED = "<html><head><title>Unauthorized</title></head><body><h1>401 Unauthorized</h1></body></html>"
LOGIN = "<!DOCTYPE html><html><body><form>Password<br></form></body></html>"

Fault = tuple[int, str, type[BackendError], str]
FAULTS: dict[str, Fault] = {
    "wrong token": (401, UNAUTHORISED, SecretRefusedError, "(HTTP 401): set PLEX_TOKEN (token in a preset) to"),
    "token of a guest": (403, "", SecretRefusedError, "does not allow this with the token it was given (HTTP 403)"),
    "maintenance": (503, MIGRATING, BadAnswerError, "is currently running database migrations): try again in some"),
    "overload": (503, "", BadAnswerError, "Plex is starting, or in maintenance (HTTP 503): try again in some minutes."),
    "failure": (500, "<html>oh</html>", BadAnswerError, "Plex failed (HTTP 500): look into its log"),
    "refusal": (400, "<html>no</html>", RefusedError, "(HTTP 400): look into its log"),
    "web page": (200, LOGIN, BadAnswerError, "Something else came in place of Plex's API at"),
    "other XML": (200, "<rss></rss>", BadAnswerError, "a login page or a proxy may stand in front of it."),
    "half an answer": (200, xml.SECTIONS[:300], BadAnswerError, "broke off or garbled its answer (300 bytes, no XML)"),
    "other JSON": (200, '{"status": "ok"}', BadAnswerError, "a login page or a proxy may stand in front of it."),
    "half a JSON": (200, '{"MediaContainer": {"si', BadAnswerError, "broke off or garbled its answer (23 bytes"),
    "unknown letters": (200, '<?xml version="1.0" encoding="idna"?><a/>', BadAnswerError, "garbled its answer"),
    "nothing": (200, "", BadAnswerError, "broke off or garbled its answer (0 bytes, no XML): try again"),
}


@pytest.fixture
def plex() -> PlexApi:
    return PlexApi(ACCESS)


def sentence_of(ask: Callable[[PlexApi], object], plex: PlexApi, kind: type[BackendError]) -> str:
    with pytest.raises(kind) as told:
        ask(plex)
    sentence = str(told.value)
    assert TOKEN not in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 400
    return sentence


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("ask", READS.values(), ids=READS.keys())
def test_every_tool_tells_every_fault_in_a_sentence(
    plex: PlexApi, ask: Callable[[PlexApi], object], fault: Fault
) -> None:
    status, body, kind, part = fault
    with plex_that_says({}) as wire:
        wire.get(ANY, status=status, body=body, content_type="text/html" if "<html" in body else xml.XML)

        assert part in sentence_of(ask, plex, kind)


@pytest.mark.parametrize("ask", READS.values(), ids=READS.keys())
def test_every_tool_tells_that_nobody_answers_without_the_address_s_parameters(
    plex: PlexApi, ask: Callable[[PlexApi], object]
) -> None:
    broken = requests.ConnectionError(f"HTTPConnectionPool: /?X-Plex-Token={TOKEN}")
    with plex_that_says({}) as wire:
        wire.get(ANY, body=broken)

        sentence = sentence_of(ask, plex, UnreachableError)

    assert sentence == (
        f"Plex cannot be reached at {URL} (the connection broke): start it, or correct PLEX_URL (url in a preset)."
    )


@pytest.mark.parametrize("ask", READS.values(), ids=READS.keys())
def test_every_tool_tells_that_plex_is_too_slow(plex: PlexApi, ask: Callable[[PlexApi], object]) -> None:
    with plex_that_says({}) as wire:
        wire.get(ANY, body=requests.ReadTimeout(f"token {TOKEN}"))

        assert "Plex did not answer within 20 s: it is busy, so try again later" in sentence_of(
            ask, plex, BadAnswerError
        )


def test_a_path_that_is_not_there_is_told_with_the_address_to_check(plex: PlexApi) -> None:
    with plex_that_says({}) as wire:
        wire.get(ANY, status=404, body="not found")

        sentence = sentence_of(lambda plex: plex.sessions(), plex, BadAnswerError)

    assert sentence == f"Plex at {URL} has nothing under /status/sessions (HTTP 404): check PLEX_URL (url in a preset)."


def test_what_answers_without_a_version_is_not_plex(plex: PlexApi) -> None:
    with plex_that_says({"/": container()}):
        assert "does not tell a version, as Plex does: check PLEX_URL (url in a preset)." in sentence_of(
            lambda plex: plex.version(), plex, BadAnswerError
        )


def test_health_is_an_answer_whatever_happens(plex: PlexApi) -> None:
    for status, body, _, part in FAULTS.values():
        with plex_that_says({}) as wire:
            wire.get(ANY, status=status, body=body, content_type="text/html" if "<html" in body else xml.XML)
            health = plex.health()

        assert not health.healthy
        (issue,) = health.issues
        assert part in issue
        assert TOKEN not in issue


def test_reads_are_asked_again_when_a_proxy_stumbles(plex: PlexApi) -> None:
    with plex_that_says({}) as wire:
        wire.get(f"{URL}/", status=502)
        wire.get(f"{URL}/", body=xml.ROOT, content_type=xml.XML)

        assert plex.version().version.startswith("1.42")


def test_a_scan_whose_answer_is_lost_is_not_repeated_and_tells_where_to_look(plex: PlexApi) -> None:
    with plex_that_says({"/library/sections": xml.SECTIONS}) as wire:
        wire.get(REFRESH, body=requests.ConnectionError(f"X-Plex-Token={TOKEN}"))

        sentence = sentence_of(lambda plex: plex.scan(1), plex, UnclearError)

    assert "Look with get_libraries before you repeat it." in sentence
    assert asked(wire).count("/library/sections/1/refresh") == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, UnclearError), (503, BadAnswerError), (401, SecretRefusedError), (403, SecretRefusedError)],
)
def test_a_scan_that_fails_is_unclear_and_one_that_is_refused_was_not_begun(
    plex: PlexApi, status: int, kind: type[BackendError]
) -> None:
    with plex_that_says({"/library/sections": xml.SECTIONS}) as wire:
        wire.get(REFRESH, status=status)

        sentence_of(lambda plex: plex.scan(1), plex, kind)

    assert asked(wire).count("/library/sections/1/refresh") == 1


def test_a_library_that_is_gone_between_looking_and_scanning_is_unknown(plex: PlexApi) -> None:
    with plex_that_says({}) as wire:
        wire.get(f"{URL}/library/sections", body=xml.SECTIONS)
        wire.get(f"{URL}/library/sections", body=container())
        wire.get(REFRESH, status=404)
        wire.post(REFRESH, status=404)

        sentence_of(lambda plex: plex.scan(1), plex, UnknownIdError)


def test_a_path_of_a_library_that_is_there_is_not_blamed_on_the_library(plex: PlexApi) -> None:
    with plex_that_says({"/library/sections": xml.SECTIONS}) as wire:
        wire.get(ANY, status=404)

        sentence = sentence_of(lambda plex: plex.items(1, offset=0, limit=1), plex, BadAnswerError)

    assert "nothing under /library/sections/1/all (HTTP 404)" in sentence


def test_the_token_is_in_no_log_and_no_representation(plex: PlexApi, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    odd = '<Video type="movie" addedAt="once" key="/k" />'
    with plex_that_says({"/library/onDeck": container(odd)}) as wire:
        wire.add(responses.GET, ANY, status=503)
        plex.on_deck(offset=0, limit=1)
        for ask in [ask for tool, ask in READS.items() if tool != "get_on_deck"]:
            with pytest.raises(BackendError) as told:
                ask(plex)
            assert TOKEN not in repr(told.value)

    assert TOKEN not in caplog.text
    assert TOKEN not in repr(ACCESS)
