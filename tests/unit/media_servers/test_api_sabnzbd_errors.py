"""What a caller reads when a real SABnzbd refuses, is another program, or is not there."""

import asyncio
from collections.abc import Generator

import pytest
from mcp import Client
from responses import GET, POST, RequestsMock

from media_servers.application import SABNZBD, Access
from media_servers.errors import BackendError, BadAnswerError, RefusedError, SecretRefusedError, UnclearError
from media_servers.sabnzbd.api import SabnzbdApi
from media_servers.sabnzbd.tools import make_server
from tests.fixtures.media import refusal
from tests.fixtures.sabnzbd_answers import KEY, URL, Answers, queue, sabnzbd
from tests.fixtures.serving import free_port

LOGIN = "<!doctype html><title>SABnzbd - Login</title>"
FULL = {
    "version": "4.5.1",
    "apikey": KEY,
    "servers": [
        {"servername": "news.invalid", "servererror": f"Failed login with {KEY}", "serveractive": False},
        {"servername": "spare.invalid", "servererror": "", "serveractive": True},
    ],
    "warnings": [
        {"type": "WARNING", "text": "old", "time": 1},
        *({"type": "ERROR", "text": f"warning\n {number}", "time": 2} for number in range(9)),
        {"type": "ERROR", "text": "Fetching https://indexer.invalid/x?apikey=c4n4ry failed. " + "x" * 400, "time": 3},
    ],
}


@pytest.fixture
def mock() -> Generator[RequestsMock]:
    with RequestsMock(assert_all_requests_are_fired=False) as made:
        yield made


@pytest.fixture
def api() -> SabnzbdApi:
    return sabnzbd()


def read(api: SabnzbdApi) -> None:
    api.queue(term=None, offset=0, limit=10)


def answer(mock: RequestsMock, body: str, status: int = 200, media_type: str = "text/html;charset=utf-8") -> None:
    for method in (GET, POST):
        mock.add(method, f"{URL}/api", body=body, status=status, content_type=media_type)


@pytest.mark.parametrize("words", ["API Key Required", "API Key Incorrect"])
def test_a_wrong_key_is_said_with_the_place_of_the_right_one(mock: RequestsMock, api: SabnzbdApi, words: str) -> None:
    answer(mock, words, 403)

    with pytest.raises(
        SecretRefusedError,
        match=r"set SABNZBD_API_KEY \(api_key in a preset\) to what stands under Config > General > API Key",
    ):
        read(api)


@pytest.mark.parametrize("words", ["API Key Required", "API Key Incorrect"])
def test_a_wrong_key_that_comes_as_a_success_is_one_too(mock: RequestsMock, api: SabnzbdApi, words: str) -> None:
    Answers(mock).on("queue", {"status": False, "error": words})

    with pytest.raises(SecretRefusedError, match="set SABNZBD_API_KEY"):
        read(api)


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("Access denied - Hostname verification failed: https://sabnzbd.org/hostname-check", "to host_whitelist"),
        ("Access denied", "External internet access"),
    ],
)
def test_another_refusal_is_not_blamed_on_the_key(mock: RequestsMock, api: SabnzbdApi, words: str, remedy: str) -> None:
    answer(mock, words, 403)

    with pytest.raises(RefusedError, match=remedy):
        read(api)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("not implemented", "does not know queue: update it to 3.7 or later"),
        (f"no such thing as {KEY}", "no such thing as ….: correct what it names|no such thing as …"),
        ("https://a.invalid/?apikey=c4n4ry", r"https://a\.invalid/\?…"),
    ],
)
def test_an_error_that_comes_as_a_success_is_an_error(
    mock: RequestsMock, api: SabnzbdApi, words: str, sentence: str
) -> None:
    Answers(mock).on("queue", {"status": False, "error": words})

    with pytest.raises(BackendError, match=sentence) as caught:
        read(api)
    assert KEY not in str(caught.value)


def test_a_login_page_is_no_answer(mock: RequestsMock, api: SabnzbdApi) -> None:
    answer(mock, LOGIN)

    with pytest.raises(BadAnswerError, match=r"web page came in place of .*: check SABNZBD_URL"):
        read(api)


def test_a_place_without_an_api_is_told(mock: RequestsMock, api: SabnzbdApi) -> None:
    answer(mock, "<html>not here</html>", 404)

    with pytest.raises(BadAnswerError, match=r"not at http\S+/api \(HTTP 404\): correct SABNZBD_URL"):
        read(api)


@pytest.mark.parametrize("body", ["[]", '"4.5"', "null"])
def test_json_of_another_program_is_no_answer(mock: RequestsMock, api: SabnzbdApi, body: str) -> None:
    answer(mock, body, media_type="application/json")

    with pytest.raises(BadAnswerError, match=r"not SABnzbd 3\.7 or later"):
        read(api)


@pytest.mark.parametrize("body", [LOGIN, "[]", '{"status": tr'])
def test_a_change_that_gets_no_sound_answer_may_have_been_made(mock: RequestsMock, api: SabnzbdApi, body: str) -> None:
    answer(mock, body)

    with pytest.raises(UnclearError, match=r"may have been made\. Look with get_queue before you repeat it"):
        api.add("http://indexer.invalid/", name=None, category="*", priority="default")

    assert len(mock.calls) == 1


def test_health_lists_what_the_owner_should_look_at_the_latest_first(mock: RequestsMock, api: SabnzbdApi) -> None:
    answers = Answers(mock)
    answers.on("fullstatus", {"status": FULL})

    health = api.health()

    assert health.healthy
    assert health.issues[0] == "News server news.invalid: Failed login with …."
    assert health.issues[1].startswith("Fetching https://indexer.invalid/x?… failed. xxx")
    assert len(health.issues[1]) < 310
    assert health.issues[2:4] == ["warning 8.", "warning 7."]
    assert len(health.issues) == 11
    assert answers.last("fullstatus")[1]["skip_dashboard"] == "1"  # Else it asks the internet for its address.


def test_health_is_empty_when_all_is_well(mock: RequestsMock, api: SabnzbdApi) -> None:
    Answers(mock).on("fullstatus", {"status": {"version": "4.5.1", "warnings": [], "servers": []}})

    assert (api.health().healthy, api.health().issues) == (True, [])


@pytest.mark.parametrize("document", [{}, {"status": False, "error": "API Key Incorrect"}, []])
def test_health_never_raises(mock: RequestsMock, api: SabnzbdApi, document: object) -> None:
    Answers(mock).on("fullstatus", document)

    health = api.health()

    assert not health.healthy
    assert len(health.issues) == 1


def test_a_server_whose_sabnzbd_is_down_lists_its_tools_and_says_so_when_one_is_called() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    server = make_server(SabnzbdApi(Access(application=SABNZBD, url=url, secret=KEY, timeout_s=5)))

    async def list_tools() -> set[str]:
        async with Client(server) as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    assert {"get_queue", "add_nzb"} <= asyncio.run(list_tools())
    assert refusal(server, "get_queue") == (
        f"SABnzbd cannot be reached at {url} (connection refused): start it, or correct SABNZBD_URL (url in a preset)."
    )
    assert refusal(server, "pause_queue").startswith(f"SABnzbd cannot be reached at {url}")


def test_the_server_passes_a_call_on_to_the_real_sabnzbd(mock: RequestsMock, api: SabnzbdApi) -> None:
    Answers(mock).on("queue", queue())

    assert refusal(make_server(api), "pause_download", nzo_id="all").startswith("No download in the queue has the id")
