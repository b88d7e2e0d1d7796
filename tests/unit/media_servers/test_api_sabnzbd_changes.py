"""What is done to a real SABnzbd: only to ids it knows, once, and with a look at what came of it."""

from collections.abc import Callable, Generator
from typing import Any

import pytest
from requests.exceptions import ConnectionError as LostError
from responses import RequestsMock

from media_servers.errors import RefusedError, UnclearError, UnknownIdError
from media_servers.sabnzbd.api import SabnzbdApi
from media_servers.sabnzbd.backend import Priority, PriorityToAdd
from tests.fixtures.sabnzbd_answers import NZO_ID, REFUSED, Answers, entry, failed, history, queue, sabnzbd, slot

YES = {"status": True, "nzo_ids": [NZO_ID]}
NO: dict[str, Any] = {"status": False, "nzo_ids": []}


@pytest.fixture
def answers() -> Generator[Answers]:
    with RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Answers(mock)


@pytest.fixture
def api() -> SabnzbdApi:
    return sabnzbd()


def test_an_nzb_is_added_by_its_address(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("addurl", YES)

    added = api.add("http://indexer.invalid/Metropolis.nzb?key=1", name=None, category="*", priority="default")

    assert (added.nzo_id, added.name, added.grabbing, added.further_nzo_ids) == (NZO_ID, "Metropolis", True, [])
    method, fields = answers.last("addurl")
    assert (method, fields["name"]) == ("POST", "http://indexer.invalid/Metropolis.nzb?key=1")
    assert not {"cat", "nzbname"} & fields.keys()  # SABnzbd decides.


def test_an_nzb_is_added_by_its_path_under_a_name_and_in_a_category(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("get_cats", {"categories": ["*", "movies"]})
    answers.on("addlocalfile", {"status": True, "nzo_ids": ["one", "two"]})

    added = api.add("/watch/a.zip", name="Two films", category="Movies", priority="high")

    assert (added.nzo_id, added.name, added.grabbing, added.further_nzo_ids) == ("one", "Two films", False, ["two"])
    fields = answers.last("addlocalfile")[1]
    assert [fields[name] for name in ("name", "nzbname", "cat", "priority")] == [
        "/watch/a.zip",
        "Two films",
        "movies",
        "1",
    ]


@pytest.mark.parametrize(
    ("priority", "number"),
    [("default", "-100"), ("paused", "-2"), ("low", "-1"), ("normal", "0"), ("high", "1"), ("force", "2")],
)
def test_a_priority_is_told_by_its_number(
    answers: Answers, api: SabnzbdApi, priority: PriorityToAdd, number: str
) -> None:
    answers.on("addurl", YES)

    api.add("http://indexer.invalid/", name=None, category="*", priority=priority)

    assert answers.last("addurl")[1]["priority"] == number


def test_a_category_sabnzbd_does_not_know_is_refused_before_anything_is_added(
    answers: Answers, api: SabnzbdApi
) -> None:
    answers.on("get_cats", {"categories": ["*", "movies"]})

    with pytest.raises(RefusedError, match=r"no category 'books': use one of \*, movies\."):
        api.add("/a.nzb", name=None, category="books", priority="default")

    assert answers.modes() == ["get_cats"]


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (NO, "duplicates"),
        ({"status": False, "nzo_ids": [NZO_ID]}, "duplicates"),
        ({"status": False, "error": "file does not exist"}, "no such file on SABnzbd's machine"),
        ({"status": False, "error": "no file given"}, "give an .nzb"),
    ],
)
def test_what_sabnzbd_does_not_take_was_not_added(
    answers: Answers, api: SabnzbdApi, told: dict[str, Any], sentence: str
) -> None:
    answers.on("addlocalfile", told)

    with pytest.raises(RefusedError, match=sentence):
        api.add("/a.nzb", name=None, category="*", priority="default")


def test_the_queue_is_paused_resumed_and_paused_for_some_minutes(answers: Answers, api: SabnzbdApi) -> None:
    for mode in ("pause", "resume", "config"):
        answers.on(mode, {"status": True})
    answers.on("queue", queue(paused=True), queue(), queue(paused=True, pause_int="30:00"))

    assert api.pause_queue(paused=True).paused
    assert not api.pause_queue(paused=False).paused
    assert api.pause_queue(paused=True, minutes=30).resumes_in_s == 1800

    fields = answers.last("config")[1]
    assert (fields["name"], fields["value"]) == ("set_pause", "30")
    assert {method for method, fields in answers.seen if fields["mode"] != "queue"} == {"POST"}


@pytest.mark.parametrize(("paused", "order"), [(True, "pause"), (False, "resume")])
def test_one_download_is_paused_and_resumed(answers: Answers, api: SabnzbdApi, paused: bool, order: str) -> None:  # noqa: FBT001 -- a parameter
    answers.on("queue", queue(slot()), queue(slot(status="Paused" if paused else "Queued")))
    answers.on("queue", YES, name=order)

    assert api.pause_download(NZO_ID, paused=paused).paused == paused
    assert answers.seen[1][0] == "POST"
    assert answers.seen[1][1]["value"] == NZO_ID


def test_a_forced_download_that_goes_on_is_not_called_paused(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("queue", queue(slot(priority="Force")))
    answers.on("queue", YES, name="pause")

    with pytest.raises(RefusedError, match="while its priority is force: give it another with set_priority first"):
        api.pause_download(NZO_ID, paused=True)


def test_a_download_that_ended_meanwhile_is_not_called_paused(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("queue", queue(slot()), queue())
    answers.on("queue", YES, name="pause")

    with pytest.raises(RefusedError, match="has just left the queue: get_history"):
        api.pause_download(NZO_ID, paused=True)


def test_a_download_is_deleted_from_the_queue(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("queue", queue(slot()))
    answers.on("queue", YES, name="delete")

    deleted = api.delete(NZO_ID, delete_files=True)

    assert (deleted.name, deleted.deleted_from, deleted.files_deleted) == ("Metropolis.1927.1080p", "queue", True)
    method, fields = answers.last("queue")
    assert (method, fields["value"], fields["del_files"]) == ("POST", NZO_ID, "1")


@pytest.mark.parametrize(("ended", "gone"), [(entry(), False), (failed(), True), (entry(status="Moving"), True)])
def test_an_entry_is_deleted_from_the_history(
    answers: Answers,
    api: SabnzbdApi,
    ended: dict[str, Any],
    gone: bool,  # noqa: FBT001 -- a parameter
) -> None:
    answers.on("queue", queue())
    answers.on("history", history(ended))
    answers.on("history", {"status": True}, name="delete")

    deleted = api.delete(NZO_ID, delete_files=True)

    assert (deleted.deleted_from, deleted.files_deleted) == ("history", gone)


def test_what_ends_just_as_it_is_deleted_is_deleted_from_the_history(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("queue", queue(slot()))
    answers.on("queue", NO, name="delete")
    answers.on("history", history(entry()))
    answers.on("history", {"status": True}, name="delete")

    assert api.delete(NZO_ID, delete_files=False).deleted_from == "history"


UNKNOWN: list[Callable[[SabnzbdApi, str], object]] = [
    lambda api, nzo_id: api.pause_download(nzo_id, paused=True),
    lambda api, nzo_id: api.pause_download(nzo_id, paused=False),
    lambda api, nzo_id: api.prioritise(nzo_id, "high"),
    lambda api, nzo_id: api.delete(nzo_id, delete_files=True),
    lambda api, nzo_id: api.retry(nzo_id),
]


@pytest.mark.parametrize("nzo_id", ["nothing", "all", "failed", f"{NZO_ID},other", NZO_ID.lower()])
@pytest.mark.parametrize("act", UNKNOWN)
def test_nothing_is_done_to_an_id_that_is_none(
    answers: Answers, api: SabnzbdApi, act: Callable[[SabnzbdApi, str], object], nzo_id: str
) -> None:
    answers.on("queue", queue(slot()))
    answers.on("history", history(failed()))

    with pytest.raises(UnknownIdError, match="get_"):
        act(api, nzo_id)

    assert {method for method, _ in answers.seen} == {"GET"}


@pytest.mark.parametrize("told", ["new", [0, ["new"]], ["OK", ["new", "newer"]]])
def test_a_failed_download_is_tried_again_under_its_new_id(answers: Answers, api: SabnzbdApi, told: object) -> None:
    answers.on("history", history(failed()))
    answers.on("retry", {"status": True, "nzo_id": told})

    again = api.retry(NZO_ID)

    assert (again.nzo_id, again.retried_nzo_id, again.name) == ("new", NZO_ID, failed()["name"])
    assert answers.last("retry")[0] == "POST"


def test_a_new_id_that_is_not_told_is_looked_for_in_the_queue(answers: Answers, api: SabnzbdApi) -> None:
    name = failed()["name"]
    answers.on("history", history(failed()))
    answers.on("retry", {"status": True})
    answers.on("queue", queue(slot("older", filename=name), slot("new", filename=name), slot("other")))

    assert api.retry(NZO_ID).nzo_id == "new"


def test_a_new_id_that_nobody_knows_is_told_as_unclear(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("history", history(failed()))
    answers.on("retry", {"status": True})
    answers.on("queue", queue())

    with pytest.raises(UnclearError, match="get_queue"):
        api.retry(NZO_ID)


@pytest.mark.parametrize(
    ("ended", "sentence"),
    [
        (entry(), "completed: only a failed"),
        (entry(status="Repairing"), "is still being processed: only a failed"),
        (entry(status="Failed", retry=False), "add its NZB anew with add_nzb"),
    ],
)
def test_what_cannot_be_tried_again_is_refused_before_it_is_tried(
    answers: Answers, api: SabnzbdApi, ended: dict[str, Any], sentence: str
) -> None:
    answers.on("history", history(ended))

    with pytest.raises(RefusedError, match=sentence):
        api.retry(NZO_ID)

    assert answers.modes() == ["history"]


def test_a_retry_sabnzbd_refuses_is_no_success(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("history", history(failed()))
    answers.on("retry", REFUSED)

    with pytest.raises(UnknownIdError, match="no longer knows this id"):
        api.retry(NZO_ID)


@pytest.mark.parametrize(("priority", "number"), [("force", "2"), ("high", "1"), ("normal", "0"), ("low", "-1")])
def test_a_priority_is_set_and_the_place_told(
    answers: Answers, api: SabnzbdApi, priority: Priority, number: str
) -> None:
    answers.on("queue", queue(slot()))
    answers.on("queue", {"position": 3}, name="priority")

    assert api.prioritise(NZO_ID, priority).position == 3
    assert answers.last("queue")[1]["value2"] == number


@pytest.mark.parametrize(
    ("told", "kind"), [({"position": -1}, RefusedError), ({"position": None}, UnclearError), ({}, UnclearError)]
)
def test_a_priority_that_found_nothing_is_no_success(
    answers: Answers, api: SabnzbdApi, told: dict[str, Any], kind: type[Exception]
) -> None:
    answers.on("queue", queue(slot()))
    answers.on("queue", told, name="priority")

    with pytest.raises(kind, match="get_"):
        api.prioritise(NZO_ID, "high")


def test_a_change_whose_effect_cannot_be_seen_may_have_been_made(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("pause", {"status": True})
    answers.on("queue", LostError())

    with pytest.raises(UnclearError, match=r"may have been made\. Look with get_status before"):
        api.pause_queue(paused=True)
