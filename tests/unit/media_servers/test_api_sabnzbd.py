"""What is read from a real SABnzbd, and what an agent gets to see of it."""

from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

import pytest
from responses import RequestsMock

from media_servers.errors import BadAnswerError
from media_servers.sabnzbd.api import SabnzbdApi
from media_servers.sabnzbd.backend import QueueItem
from media_servers.sabnzbd.lists import CHUNK
from tests.fixtures.sabnzbd_answers import NZO_ID, Answers, entry, failed, history, queue, sabnzbd, slot

MIB = 1024 * 1024
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def answers() -> Generator[Answers]:
    with RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Answers(mock)


@pytest.fixture
def api() -> SabnzbdApi:
    return sabnzbd()


def first(api: SabnzbdApi) -> QueueItem:
    return api.queue(term=None, offset=0, limit=10).items[0]


def test_an_entry_of_the_queue_is_read_in_bytes_seconds_and_utc(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("queue", queue(slot(labels=["DUPLICATE"])))

    item = first(api)

    assert (item.nzo_id, item.name, item.category) == (NZO_ID, "Metropolis.1927.1080p", "movies")
    assert (item.size_bytes, item.remaining_bytes, item.progress) == (2048 * MIB, 1536 * MIB, 25.0)
    assert (item.status, item.priority, item.eta_s) == ("downloading", "normal", 754)
    assert (item.added_at, item.labels) == (NOON, ["DUPLICATE"])


def test_the_queue_says_how_the_whole_goes_and_sabnzbd_cuts_the_page(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("queue", queue(slot(), noofslots=42, paused=True))

    page = api.queue(term=None, offset=20, limit=10)

    assert (page.total, page.offset, page.next_offset) == (42, 20, 30)
    assert (page.paused, page.speed_bytes_per_s, page.remaining_bytes) == (True, 2 * MIB, 1536 * MIB)
    method, fields = answers.last("queue")
    assert (method, fields["start"], fields["limit"]) == ("GET", "20", "10")
    assert "search" not in fields


def test_the_last_page_of_the_queue_has_no_next(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("queue", queue(slot(), noofslots=30))

    assert api.queue(term=None, offset=20, limit=10).next_offset is None


def test_one_word_is_for_sabnzbd_to_find(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("queue", queue(slot()))

    api.queue(term=" Metropolis ", offset=0, limit=10)

    assert answers.last("queue")[1]["search"] == "Metropolis"


def test_of_several_words_all_must_be_in_the_name(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("queue", queue(slot("one"), slot("two", filename="Metropolis.2001.720p"), slot("three")))

    page = api.queue(term="1080P metropolis", offset=1, limit=1)

    assert ([item.nzo_id for item in page.items], page.total, page.next_offset) == (["three"], 2, None)
    assert answers.last("queue")[1]["search"] == "metropolis"
    assert "limit" not in answers.last("queue")[1]


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("Paused", "paused"),
        ("Queued", "queued"),
        ("Grabbing", "grabbing"),
        ("Fetching", "fetching"),
        ("Propagating", "propagating"),
        ("Checking", "checking"),
        ("Something of version 6", "queued"),
    ],
)
def test_the_state_of_a_download(answers: Answers, api: SabnzbdApi, told: str, read: str) -> None:
    answers.on("queue", queue(slot(status=told)))

    assert first(api).status == read


@pytest.mark.parametrize(
    ("index", "mbleft", "read"),
    [(0, "2048.00", "downloading"), (1, "2048.00", "queued"), (1, "2047.00", "downloading")],
)
def test_only_what_is_first_or_has_begun_is_downloading(
    answers: Answers, api: SabnzbdApi, index: int, mbleft: str, read: str
) -> None:
    answers.on("queue", queue(slot(index=index, mbleft=mbleft)))

    assert first(api).status == read


@pytest.mark.parametrize(
    ("told", "read"),
    [("Force", "force"), ("High", "high"), ("Low", "low"), ("Repair", "repair"), (0, "normal"), ("2", "force")],
)
def test_the_priority_of_a_download(answers: Answers, api: SabnzbdApi, told: Any, read: str) -> None:
    answers.on("queue", queue(slot(priority=told)))

    assert first(api).priority == read


@pytest.mark.parametrize(
    ("status", "timeleft", "eta_s"),
    [
        ("Downloading", "2:03:04:05", 183845),
        ("Downloading", "0:00:00", None),
        ("Downloading", "unknown", None),
        ("Paused", "0:10:00", None),
    ],
)
def test_the_time_left(answers: Answers, api: SabnzbdApi, status: str, timeleft: str, eta_s: int | None) -> None:
    answers.on("queue", queue(slot(status=status, timeleft=timeleft)))

    assert first(api).eta_s == eta_s


def test_a_name_that_is_an_address_is_shown_without_the_key_in_it(answers: Answers, api: SabnzbdApi) -> None:
    told = "Trying to fetch NZB from https://me:c4n4ry@indexer.invalid/api/get?id=1&apikey=c4n4ry"
    answers.on("queue", queue(slot(filename=told, status="Grabbing", mb="0.00", mbleft="0.00")))

    item = first(api)

    assert item.name == "Trying to fetch NZB from https://indexer.invalid/api/get?…"
    assert (item.size_bytes, item.progress) == (0, 0)


def test_a_strange_entry_costs_itself_alone_and_a_strange_field_not_even_that(
    answers: Answers, api: SabnzbdApi
) -> None:
    odd = slot("odd", mb="many", mbleft=None, time_added="yesterday", priority=None, cat="None", labels="none")
    answers.on("queue", queue(None, "text", {"no": "id"}, odd, slot("good")))

    page = api.queue(term=None, offset=0, limit=10)

    assert ([item.nzo_id for item in page.items], page.unreadable) == (["odd", "good"], 3)
    assert (page.items[0].size_bytes, page.items[0].added_at, page.items[0].category) == (0, None, "*")


def test_a_completed_download_tells_its_folder(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("history", history(entry()))

    item = api.history(status=None, offset=0, limit=10).items[0]

    assert (item.status, item.stage, item.completed_at) == ("completed", None, NOON)
    assert (item.size_bytes, item.path) == (1_234_567_890, "/downloads/complete/movies/Nosferatu.1922.1080p")
    assert (item.fail_message, item.can_retry) == (None, False)


def test_a_failed_download_tells_the_reason(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("history", history(failed()))

    item = api.history(status=None, offset=0, limit=10).items[0]

    assert (item.status, item.path, item.can_retry) == ("failed", None, True)
    assert item.fail_message == "Aborted, cannot be completed"


@pytest.mark.parametrize(
    "stage", ["Queued", "QuickCheck", "Verifying", "Repairing", "Fetching", "Extracting", "Moving", "Running"]
)
def test_what_is_still_being_processed_has_no_end_yet(answers: Answers, api: SabnzbdApi, stage: str) -> None:
    answers.on("history", history(entry(status=stage, storage="")))

    item = api.history(status=None, offset=0, limit=10).items[0]

    assert (item.status, item.stage, item.completed_at, item.path) == ("processing", stage.lower(), None, None)


def test_nothing_of_the_history_shows_a_key_or_a_password(answers: Answers, api: SabnzbdApi) -> None:
    told = "URL Fetching failed; https://indexer.invalid/get&r=c4n4ry"
    answers.on("history", history(failed(), entry(status="Failed", name=told, fail_message=told)))

    assert "c4n4ry" not in api.history(status=None, offset=0, limit=10).model_dump_json()


def test_the_history_is_filtered_and_cut_by_a_sabnzbd_that_can(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("history", history(total=0), history(failed(), total=7))

    page = api.history(status="failed", offset=5, limit=1)

    assert (page.total, page.next_offset) == (7, 6)
    fields = answers.last("history")[1]
    assert (fields["status"], fields["start"], fields["limit"]) == ("Failed", "5", "1")


def test_the_history_of_an_older_sabnzbd_is_gone_through(answers: Answers, api: SabnzbdApi) -> None:
    everything = CHUNK + 2
    answers.on(
        "history",
        history(entry(), total=everything),  # It does not know the filter.
        history(entry("a"), failed("b"), entry("c"), total=everything),
        history(entry("d"), entry("e", "Extracting"), total=everything),
    )

    page = api.history(status="completed", offset=1, limit=1)

    assert ([item.nzo_id for item in page.items], page.total, page.next_offset) == (["c"], 3, 2)
    assert [fields["start"] for _, fields in answers.seen[1:]] == ["0", str(CHUNK)]


@pytest.mark.parametrize(
    ("head", "state"),
    [
        ({"status": "Downloading"}, "downloading"),
        ({"status": "Idle"}, "idle"),
        ({"status": "Paused", "paused": True}, "paused"),
    ],
)
def test_the_status_at_a_glance(answers: Answers, api: SabnzbdApi, head: dict[str, Any], state: str) -> None:
    answers.on("queue", queue(slot(), noofslots=9, pause_int="29:59", **head))

    status = api.status()

    assert (status.state, status.queued, status.remaining_bytes, status.warnings) == (state, 9, 1536 * MIB, 3)
    assert (status.speed_bytes_per_s, status.resumes_in_s) == (2 * MIB, 1799)
    assert (status.disk_free_bytes, status.incomplete_free_bytes) == (int(250.5 * 1024 * MIB), 100 * 1024 * MIB)


def test_the_version_is_the_real_one(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("version", {"version": "5.1.3"})

    assert api.version().version == "5.1.3"


@pytest.mark.parametrize("document", [{}, {"queue": None}, {"queue": {"slots": None}}])
def test_an_answer_without_a_queue_is_an_error_and_not_an_empty_queue(
    answers: Answers, api: SabnzbdApi, document: dict[str, Any]
) -> None:
    answers.on("queue", document)

    with pytest.raises(BadAnswerError, match=r"update it to 3\.7 or later, or see its log"):
        api.queue(term=None, offset=0, limit=10)
