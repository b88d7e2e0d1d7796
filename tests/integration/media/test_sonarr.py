"""The Sonarr server as its users run it: its own process, through an orchestrator, against a stand-in of Sonarr."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends.radarr import RadarrStub
from tests.backends.servarr import STARTING_UP
from tests.backends.sonarr import SonarrStub
from tests.backends.stub import BAD_GATEWAY, LOGIN_PAGE, Answer, Mishap
from tests.fixtures.servarr_server import Asker, asking

pytestmark = pytest.mark.integration

NEW = 300201  # Tidewater Patrol, of the catalogue.


@pytest.fixture
def sonarr() -> Iterator[SonarrStub]:
    with SonarrStub() as stub:
        yield stub


@pytest.fixture
def server(sonarr: SonarrStub) -> Iterator[Asker]:
    with asking(sonarr) as asker:
        yield asker


def test_the_library_is_listed_with_all_that_is_odd_in_it(server: Asker) -> None:
    library = server.items("get_series")
    [found] = server.items("get_series", term="größenwahn")
    one = server.ask("get_series_by_id", series_id=1)

    assert [(series["series_id"], series["status"]) for series in library] == [
        (2, "continuing"),
        (4, "deleted"),
        (1, "ended"),
        (3, "upcoming"),
    ]
    assert library[3]["year"] is library[3]["next_airing"] is None
    assert (library[2]["seasons"], library[2]["episodes"], library[2]["downloaded"]) == (2, 8, 6)
    assert len(library[2]["overview"]) <= 200 < len(one["overview"]) <= 2000
    assert found["series_id"] == 2


def test_what_can_be_null_may_be_written_as_null(sonarr: SonarrStub, server: Asker) -> None:
    sonarr.nulls = True

    for tool, count in (("get_series", 4), ("get_wanted", 3), ("get_queue", 4)):
        answer = server.ask(tool)
        assert (len(answer["items"]), answer["unreadable"]) == (count, 0), tool
    assert len(server.items("get_episodes", series_id=3)) == 1
    assert [one["series_id"] for one in server.items("search_series", term="tidewater")] == [None] * 3


def test_episodes_say_what_state_they_are_in(server: Asker) -> None:
    states = {one["episode"]: one["state"] for one in server.items("get_episodes", series_id=2)}
    specials = server.items("get_episodes", series_id=1, season=0)

    assert list(states.values()) == ["downloaded", *["downloading"] * 3, *["unaired"] * 4]
    assert [special["air_at"] for special in specials] == [None, None]
    assert "no season 7" in server.refusal("get_episodes", series_id=1, season=7)


def test_what_is_wanted_airs_and_comes_in_is_listed_in_pages(sonarr: SonarrStub, server: Asker) -> None:
    sonarr.fill(100)

    wanted = server.pages("get_wanted", 4)
    queue = server.pages("get_queue", 3)
    airing = server.items("get_calendar")

    assert len({one["episode_id"] for one in wanted}) == len(wanted) == 13
    assert wanted == sorted(wanted, key=lambda one: str(one["air_at"]), reverse=True)
    assert [one["status"] for one in queue] == ["import_pending", "downloading", "delayed", "paused"]
    assert "not imported" in queue[0]["message"]
    assert queue[3]["series_id"] is None
    assert [one["episode"] for one in airing] == [5]


def test_a_series_is_found_added_fetched_and_deleted(sonarr: SonarrStub, server: Asker) -> None:
    candidate = server.items("search_series", term="tidewater patrol")[0]
    added = server.ask("add_series", tvdb_id=candidate["tvdb_id"], quality_profile="ultra-hd")
    key = added["series_id"]
    first = server.items("get_episodes", series_id=key, season=1)[0]
    command = server.ask("search_episode", episode_id=first["episode_id"])
    [entry] = sonarr.grab()
    [on_its_way] = [one for one in server.items("get_queue") if one["queue_id"] == entry]
    sonarr.arrive(entry)
    arrived = server.items("get_episodes", series_id=key, season=1)[0]
    deleted = server.ask("delete_series", series_id=key, delete_files=True)

    assert (candidate["series_id"], added["quality_profile"], added["root_folder"]) == (None, "Ultra-HD", "/tv")
    assert first["state"] == "missing"
    assert command["status"] in {"queued", "started"}
    assert on_its_way["episode_id"] == first["episode_id"]
    assert (arrived["state"], arrived["size_bytes"] > 0) == ("downloaded", True)
    assert deleted == {"series_id": key, "title": "Tidewater Patrol", "files_deleted": True}
    assert sonarr.folders_deleted == ["/tv/Tidewater Patrol"]
    assert sonarr.exclusions == []
    assert f"No series has the id {key}" in server.refusal("get_series_by_id", series_id=key)


def test_what_monitored_and_search_now_ask_for_is_done(sonarr: SonarrStub, server: Asker) -> None:
    quiet = server.ask("add_series", tvdb_id=NEW, monitored=False)["series_id"]
    server.ask("delete_series", series_id=quiet)
    loud = server.ask("add_series", tvdb_id=NEW, search_now=True)["series_id"]

    assert sonarr.folders_deleted == []
    assert {one["monitored"] for one in server.items("get_episodes", series_id=loud, season=1)} == {True}
    assert len(sonarr.grab()) == 4


def test_unknown_ids_are_named_and_nothing_is_changed(server: Asker) -> None:
    refusals = [
        server.refusal("get_series_by_id", series_id=99),
        server.refusal("get_episodes", series_id=99),
        server.refusal("delete_series", series_id=99),
        server.refusal("search_episode", episode_id=4711),
        server.refusal("add_series", tvdb_id=4711),
    ]

    for refusal in refusals:
        assert "99" in refusal or "4711" in refusal
        assert "get_" in refusal or "search_series" in refusal
    assert server.changes() == []


def test_what_sonarr_would_refuse_says_what_to_choose(sonarr: SonarrStub, server: Asker) -> None:
    assert "its series_id is 1" in server.refusal("add_series", tvdb_id=300101)
    assert '"HD-1080p" (4)' in server.refusal("add_series", tvdb_id=NEW, quality_profile="8K")
    assert "/tv (1)" in server.refusal("add_series", tvdb_id=NEW, root_folder="/elsewhere")
    sonarr.root_folders[0].accessible = False
    assert "cannot reach its root folder /tv" in server.refusal("add_series", tvdb_id=NEW)
    sonarr.root_folders.clear()
    assert "has no root folder" in server.refusal("add_series", tvdb_id=NEW)
    assert server.changes() == []


def test_a_change_whose_answer_is_lost_may_have_been_made(sonarr: SonarrStub, server: Asker) -> None:
    mishaps: list[tuple[int, Mishap | Answer]] = [
        (300201, "lost"),
        (300202, "half"),
        (300203, BAD_GATEWAY),
        (300203, LOGIN_PAGE),
    ]
    for tvdb_id, mishap in mishaps:
        sonarr.next(mishap, to="POST")

        text = server.refusal("add_series", tvdb_id=tvdb_id)

        assert "may have been made. Look with get_series" in text, mishap
    assert server.changes() == ["POST /api/v3/series"] * 4
    assert len(server.items("get_series", term="tidewater")) == 2


def test_after_a_lost_answer_the_named_tool_shows_what_was_made(sonarr: SonarrStub, server: Asker) -> None:
    sonarr.next("lost", to="POST")
    sonarr.next("lost", to="DELETE")

    server.refusal("add_series", tvdb_id=NEW)
    [made] = server.items("get_series", term="tidewater")
    unclear = server.refusal("delete_series", series_id=made["series_id"])

    assert "Look with get_series_by_id" in unclear
    assert "No series has the id" in server.refusal("get_series_by_id", series_id=made["series_id"])
    assert "already" not in server.ask("add_series", tvdb_id=NEW)["title"]


def test_reads_are_repeated_where_a_repeat_may_help(sonarr: SonarrStub, server: Asker) -> None:
    server.ask("get_version")

    sonarr.next("lost", BAD_GATEWAY)

    assert server.ask("get_version")["version"] == "4.0.15.2941"


def test_an_answer_that_is_none_becomes_a_sentence_with_a_remedy(sonarr: SonarrStub, server: Asker) -> None:
    mishaps: list[tuple[Mishap | Answer, str]] = [
        ("half", "broke off its answer"),
        (LOGIN_PAGE, "check SONARR_URL"),
        (Answer(status=302, headers={"Location": "/login?returnUrl=%2Fapi"}), "redirects to /login"),
        (Answer(body=b'{"any": "thing"}'), "something else than its API promises"),
        (Answer(body=b"[{]"), "garbled its answer"),
        (Answer.of({"message": "database is locked"}, 500), "database is locked"),
    ]
    for mishap, words in mishaps:
        sonarr.next(mishap)

        assert words in server.refusal("get_series")
    assert len(server.items("get_series")) == 4


def test_an_entry_that_nothing_can_be_made_of_does_not_cost_the_list(sonarr: SonarrStub, server: Asker) -> None:
    sonarr.next(Answer.of([{"id": 7, "title": "Sound", "tvdbId": 8}, {"id": "odd"}, None]))

    answer = server.ask("get_series")

    assert [one["title"] for one in answer["items"]] == ["Sound"]
    assert answer["unreadable"] == 2


def test_a_sonarr_that_starts_or_has_no_catalogue_says_so(sonarr: SonarrStub, server: Asker) -> None:
    sonarr.next(*[STARTING_UP] * 3)  # A read is tried three times.
    starting = server.refusal("get_series")
    sonarr.next(*[Answer.of({"message": "Search for 'x' failed. Unable to communicate with SkyHook."}, 503)] * 3)

    assert "starting up" in starting
    assert "SkyHook" in server.refusal("search_series", term="x")


def test_a_sonarr_that_is_down_is_waited_for(sonarr: SonarrStub, server: Asker) -> None:
    sonarr.stop()

    down = server.refusal("get_series")
    health = server.ask("health_check")
    sonarr.start()

    assert "cannot be reached" in down
    assert "SONARR_URL" in down
    assert health["healthy"] is False
    assert "cannot be reached" in health["issues"][0]
    assert len(server.items("get_series")) == 4


def test_the_tools_are_listed_before_sonarr_is_there(sonarr: SonarrStub) -> None:
    sonarr.stop()

    with asking(sonarr) as server:
        tools = {tool["name"] for tool in server.face.list_tools("sonarr")}

    assert len(tools) == 12
    assert {"get_series", "add_series", "health_check"} <= tools


def test_a_wrong_key_names_the_variable_and_not_the_key(sonarr: SonarrStub) -> None:
    wrong = "0000canary0000canary0000canary00"

    with asking(sonarr, SONARR_API_KEY=wrong) as server:
        refusal = server.refusal("get_series")
        health = server.ask("health_check")

    assert "SONARR_API_KEY" in refusal
    assert wrong not in refusal + str(health)
    assert health["healthy"] is False


def test_the_key_may_stand_in_a_file_and_the_address_have_a_base(sonarr: SonarrStub, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{sonarr.secret}\n")
    sonarr.url_base = "/tv"
    right = {"SONARR_API_KEY": "", "SONARR_API_KEY_FILE": str(file), "SONARR_URL": f"{sonarr.url}/tv/"}

    with asking(sonarr, **right) as server:
        assert len(server.items("get_series")) == 4
    with asking(sonarr) as server:
        assert "with its URL base" in server.refusal("get_series")


def test_another_application_at_the_address_is_noticed(sonarr: SonarrStub) -> None:
    with RadarrStub() as radarr, asking(sonarr, SONARR_URL=radarr.url, SONARR_API_KEY=radarr.secret) as server:
        health = server.ask("health_check")
        refusal = server.refusal("get_series")

    assert "Radarr answers at" in health["issues"][0]
    assert "SONARR_URL" in refusal


def test_a_sonarr_that_is_too_slow_is_given_up(sonarr: SonarrStub) -> None:
    with asking(sonarr, SONARR_TIMEOUT_S="1") as server:
        sonarr.next("hung")
        slow = server.refusal("get_series")
        sonarr.resume()

    assert "did not answer within 1 s" in slow
    assert "SONARR_TIMEOUT_S" in slow


def test_a_slow_sonarr_lists_a_large_library_once_for_all_pages(sonarr: SonarrStub) -> None:
    sonarr.fill(3000)
    sonarr.delay_s = 0.5

    with asking(sonarr) as server:
        library = server.pages("get_series", 40, term="series no. 000")
        asked = [request for request in sonarr.seen if request.path == "/api/v3/series"]

    assert len(library) == sum("000" in f"{number:05}" for number in range(3000))
    assert len(asked) == 1
