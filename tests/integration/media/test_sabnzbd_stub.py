"""The stub of SABnzbd against the real one: the same requests, the same answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends.sabnzbd import SabnzbdStub
from tests.fixtures.real_sabnzbd import RealSabnzbd, real_sabnzbd
from tests.fixtures.sabnzbd_pair import Pair

MODES = ("queue", "history", "addurl", "version", "auth", "get_config", "no such mode", "")


@pytest.fixture(scope="module")
def real(sabnzbd_launcher: Path) -> Iterator[RealSabnzbd]:
    with real_sabnzbd(sabnzbd_launcher) as running:
        yield running


@pytest.fixture
def both(real: RealSabnzbd) -> Iterator[Pair]:
    with SabnzbdStub(empty=True) as stub:
        yield Pair(real, stub)
    real.clear()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("key", ["none", "wrong", "nzb"])
def test_a_key_that_does_not_let_in_is_refused_alike(both: Pair, key: str, mode: str) -> None:
    both.same(mode, key=key)


def test_a_key_is_judged_alike(both: Pair) -> None:
    for key in ("", "no key"):
        both.same("auth", key=key)


def test_an_empty_application_answers_alike(both: Pair) -> None:
    for mode in ("queue", "history", "warnings", "server_stats", "get_cats", "version", "no such mode"):
        both.same(mode)
    for mode in ("status", "fullstatus"):
        both.same(mode, skip_dashboard=1)


@pytest.mark.parametrize("name", ["pause", "resume", "delete", "priority"])
@pytest.mark.parametrize("value", ["", "nothing", "nothing,neither"])
@pytest.mark.parametrize("value2", ["", "1", "high"])
def test_the_queue_answers_alike_about_what_is_not_there(both: Pair, name: str, value: str, value2: str) -> None:
    both.same("queue", name=name, value=value, value2=value2)


def test_other_modes_answer_alike_about_what_is_not_there(both: Pair) -> None:
    for value in ("", "nothing"):
        both.same("history", name="delete", value=value)
        both.same("retry", value=value)
        both.same("switch", value=value, value2="0")
        both.same("queue", nzo_ids=value)
        both.same("history", nzo_ids=value)


def test_what_cannot_be_added_is_refused_alike(both: Pair) -> None:
    for url in ("", "ftp://127.0.0.1/film.nzb", "film"):
        both.same("addurl", name=url)
    for name, text in (("film.nzb", "no NZB"), ("film.txt", "any text")):
        (both.real.folder / name).write_text(text)
        both.same("addlocalfile", name=str(both.real.folder / name))
    both.same("addlocalfile", name=str(both.real.folder / "nothing.nzb"))
    both.same("addlocalfile", name="")
    both.same("warnings")


def test_a_queue_that_waits_is_told_alike(both: Pair) -> None:
    both.same("pause")
    both.add("one", b"1" * 2**20, cat="movies", priority=0)
    both.add("two", b"2" * 2**20, cat="no such category", priority=1)
    both.add("three", b"3" * 2**20, nzbname="Another name", priority=-1)
    both.add("four", b"4" * 2**20, priority=-2)
    both.add("five", b"5" * 2**20)

    queue = both.same("queue")["queue"]

    assert [slot["status"] for slot in queue["slots"]] == ["Queued", "Queued", "Paused", "Queued", "Queued"]
    for filters in ({"search": "o"}, {"status": "Paused"}, {"cat": "movies"}, {"nzo_ids": "{one},{five}"}):
        both.same("queue", **filters)
    for start, limit in ((0, 2), (2, 2), (4, 2), (9, 2)):
        both.same("queue", start=start, limit=limit)


def test_what_is_done_to_the_queue_has_the_same_effects(both: Pair) -> None:
    both.same("pause")
    for name in ("one", "two", "three"):
        both.add(name, b"1" * 2**20)

    for name, value, value2 in (
        ("pause", "{one}", ""),
        ("pause", "{one},nothing", ""),
        ("priority", "{one}", "1"),  # It resumes.
        ("priority", "{three}", "1"),
        ("priority", "{three}", "1"),
        ("priority", "{two}", "-1"),
        ("priority", "{one}", "0"),
        ("priority", "{one}", "77"),
        ("resume", "{one}", ""),
        ("delete", "{two},nothing", ""),
    ):
        both.same("queue", name=name, value=value, value2=value2)
        both.same("queue")


def test_places_are_changed_alike(both: Pair) -> None:
    both.same("pause")
    for name in ("one", "two", "three"):
        both.add(name)

    for first, second in (("{three}", "{one}"), ("{three}", "{three}"), ("{one}", "nothing"), ("{one}", "")):
        both.same("switch", value=first, value2=second)
        both.same("queue")


def test_a_queue_at_work_is_told_alike(both: Pair) -> None:
    both.real.news.hold()
    both.add("one", b"1" * 2**20)
    both.add("two", b"2" * 2**20)
    both.same("queue", name="pause", value="{two}")

    queue = both.same("queue")["queue"]

    assert [slot["status"] for slot in queue["slots"]] == ["Downloading", "Paused"]
    both.same("queue", name="priority", value="{two}", value2="2")
    assert both.same("queue")["queue"]["slots"][0]["status"] == "Downloading"


def test_what_is_complete_is_told_alike(both: Pair) -> None:
    both.add("film", b"1" * 2**20, cat="movies")
    both.ended("film")
    both.stub.finish(both.ids("film")[1])

    history = both.same("history")["history"]

    assert (history["slots"][0]["status"], history["slots"][0]["retry"]) == ("Completed", False)
    for filters in (
        {"search": "FIL"},
        {"search": "no"},
        {"failed_only": "1"},
        {"status": "Completed"},
        {"archive": "1"},
    ):
        both.same("history", **filters)
    both.same("history", start=1, limit=1)
    both.same("retry", value="{film}")
    both.same("queue", name="pause", value="{film}")
    both.same("history", name="delete", value="{film}", del_files=1)
    both.same("history")
    both.same("history", archive=1)


def test_what_failed_is_told_alike_and_comes_back_under_a_new_id(both: Pair) -> None:
    both.real.news.lose("film.bin")
    both.add("film", b"1" * 2**20)
    both.ended("film")
    both.stub.fail(both.ids("film")[1])

    history = both.same("history")["history"]

    assert (history["slots"][0]["status"], history["slots"][0]["retry"]) == ("Failed", True)
    both.same("pause")
    again = both.same("retry", value="{film}")["nzo_id"]
    assert again != both.ids("film")[0]
    both.same("retry", value="{film}")
    both.same("queue")
    both.same("history")


def test_an_address_that_serves_nothing_fails_alike(both: Pair) -> None:
    both.stub.grabs = False
    url = f"{both.real.indexer.url}/film.nzb"
    both.add_url("film", url)
    both.stub.fail(both.ids("film")[1])
    assert both.ended("film")["fail_message"] == "URL Fetching failed; File not on server"

    both.same("history")
    if both.ended("film")["retry"]:  # Not so before 5.0.
        both.same("pause")
        both.real.indexer.next("hung")
        assert both.same("retry", value="{film}")["nzo_id"][0] == "OK"
        both.real.indexer.resume()


def test_the_settings_of_the_stub_are_there_in_the_real_one(both: Pair) -> None:
    real = both.real.ask("get_config", section="misc")["config"]["misc"]
    stub = both.stub.settings.read("misc", "")["misc"]

    assert {name: type(value) for name, value in stub.items()}.items() <= {
        name: type(value) for name, value in real.items()
    }.items()


def test_settings_are_told_and_changed_alike(both: Pair) -> None:
    for section, keyword in (("misc", "bandwidth_perc"), ("misc", "nothing"), ("nothing", ""), ("categories", "tv")):
        both.same("get_config", section=section, keyword=keyword)
    both.same("get_config", section="categories")
    for keyword, value in (
        ("bandwidth_perc", "50"),
        ("bandwidth_perc", "5000"),
        ("bandwidth_perc", "many"),
        ("enable_unrar", "true"),
        ("enable_unrar", "1"),
        ("complete_dir", "/proc/nothing"),
        ("bandwidth_max", "10M"),
        ("nothing", "1"),
    ):
        both.same("set_config", section="misc", keyword=keyword, value=value)
    both.same("set_config", section="categories", name="tv", dir="telly")
    both.same("set_config", section="categories", keyword="tv", value="telly")
    both.same("set_config", section="categories", name="Books", dir="books")
    both.same("set_config", section="nothing", keyword="nothing", value="1")
