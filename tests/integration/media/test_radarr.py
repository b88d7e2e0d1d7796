"""The Radarr server as its users run it: its own process, through an orchestrator, against a stand-in of Radarr."""

from collections.abc import Iterator

import pytest

from tests.backends.radarr import RadarrStub
from tests.backends.servarr import STARTING_UP
from tests.backends.stub import BAD_GATEWAY, LOGIN_PAGE, Answer, Mishap
from tests.fixtures.servarr_server import Asker, asking

pytestmark = pytest.mark.integration

NEW = 700201  # Harbour Lights, of the catalogue.


@pytest.fixture
def radarr() -> Iterator[RadarrStub]:
    with RadarrStub() as stub:
        yield stub


@pytest.fixture
def server(radarr: RadarrStub) -> Iterator[Asker]:
    with asking(radarr) as asker:
        yield asker


def test_the_library_is_listed_with_all_that_is_odd_in_it(radarr: RadarrStub, server: Asker) -> None:
    library = {movie["movie_id"]: movie for movie in server.items("get_movies")}
    one = server.ask("get_movie_by_id", movie_id=4)
    radarr.nulls = True
    with_nulls = server.ask("get_movies")

    assert {key: movie["state"] for key, movie in library.items()} == {
        1: "downloaded",
        2: "downloading",
        3: "downloading",
        4: "announced",
        5: "announced",
    }
    assert library[1]["size_bytes"] > 0
    assert one["year"] is one["in_cinemas_at"] is one["digital_at"] is one["physical_at"] is None
    assert library[2]["digital_at"] is None
    assert (with_nulls["items"], with_nulls["unreadable"]) == (list(library.values()), 0)
    assert [movie["movie_id"] for movie in server.items("get_movies", term="größer")] == [2]


def test_what_is_wanted_comes_out_and_comes_in_is_listed_in_pages(radarr: RadarrStub, server: Asker) -> None:
    radarr.fill(100)

    wanted = server.pages("get_wanted", 4)
    queue = server.pages("get_queue", 3)
    coming = server.items("get_calendar")

    assert len({movie["movie_id"] for movie in wanted}) == len(wanted) == 13
    assert wanted[0]["title"] == "Next Tuesday"  # The latest in digital form.
    assert {movie["state"] for movie in wanted} == {"downloading", "announced", "missing"}
    assert [one["status"] for one in queue] == ["import_blocked", "downloading", "delayed", "failed"]
    assert "Manual Import required" in queue[0]["message"]
    assert queue[0]["movie_id"] is queue[0]["title"] is queue[3]["complete_at"] is None
    assert [movie["title"] for movie in coming] == ["Next Tuesday"]


def test_a_movie_is_found_added_fetched_and_deleted(radarr: RadarrStub, server: Asker) -> None:
    candidate = server.items("search_movies", term="harbour lights")[0]
    added = server.ask("add_movie", tmdb_id=candidate["tmdb_id"], quality_profile=6, root_folder="/movies/")
    key = added["movie_id"]
    command = server.ask("search_movie", movie_id=key)
    [entry] = radarr.grab()
    [on_its_way] = [one for one in server.items("get_queue") if one["queue_id"] == entry]
    meanwhile = server.ask("get_movie_by_id", movie_id=key)
    radarr.arrive(entry)
    arrived = server.ask("get_movie_by_id", movie_id=key)
    deleted = server.ask("delete_movie", movie_id=key, delete_files=True)

    assert (candidate["movie_id"], added["quality_profile"], added["state"]) == (None, "Ultra-HD", "missing")
    assert command["status"] in {"queued", "started"}
    assert (on_its_way["movie_id"], on_its_way["title"]) == (key, "Harbour Lights")
    assert (meanwhile["state"], arrived["state"]) == ("downloading", "downloaded")
    assert deleted == {"movie_id": key, "title": "Harbour Lights", "files_deleted": True}
    assert radarr.folders_deleted == ["/movies/Harbour Lights (2018)"]
    assert radarr.exclusions == []
    assert f"No movie has the id {key}" in server.refusal("delete_movie", movie_id=key)


def test_what_monitored_and_search_now_ask_for_is_done(radarr: RadarrStub, server: Asker) -> None:
    quiet = server.ask("add_movie", tmdb_id=NEW, monitored=False)
    server.ask("delete_movie", movie_id=quiet["movie_id"])
    server.ask("add_movie", tmdb_id=NEW, search_now=True)

    assert quiet["monitored"] is False
    assert radarr.folders_deleted == []
    assert len(radarr.grab()) == 1


def test_unknown_ids_are_named_and_nothing_is_changed(server: Asker) -> None:
    refusals = [
        server.refusal("get_movie_by_id", movie_id=99),
        server.refusal("delete_movie", movie_id=99),
        server.refusal("search_movie", movie_id=99),
        server.refusal("add_movie", tmdb_id=99),
    ]

    for refusal in refusals:
        assert "99" in refusal
        assert "get_movies" in refusal or "search_movies" in refusal
    assert server.changes() == []


def test_what_radarr_would_refuse_says_what_to_choose(radarr: RadarrStub, server: Asker) -> None:
    assert "its movie_id is 1" in server.refusal("add_movie", tmdb_id=700101)
    assert '"HD-1080p" (4)' in server.refusal("add_movie", tmdb_id=NEW, quality_profile="8K")
    radarr.root_folders[0].accessible = False
    assert "cannot reach its root folder /movies" in server.refusal("add_movie", tmdb_id=NEW)
    radarr.profiles.clear()
    assert "has no quality profile" in server.refusal("add_movie", tmdb_id=NEW)
    assert server.changes() == []


def test_a_refusal_of_radarr_itself_is_told_in_its_words(radarr: RadarrStub, server: Asker) -> None:
    clash = {"propertyName": "Path", "errorMessage": "Path '/movies/X' is already configured for an existing movie"}
    radarr.next(Answer.of([clash], 400), to="POST")

    assert "Path: Path '/movies/X' is already configured" in server.refusal("add_movie", tmdb_id=NEW)


def test_a_change_whose_answer_is_lost_may_have_been_made(radarr: RadarrStub, server: Asker) -> None:
    mishaps: list[tuple[int, Mishap | Answer]] = [
        (700201, "lost"),
        (700202, "half"),
        (700203, BAD_GATEWAY),
        (700203, LOGIN_PAGE),
    ]
    for tmdb_id, mishap in mishaps:
        radarr.next(mishap, to="POST")

        text = server.refusal("add_movie", tmdb_id=tmdb_id)

        assert "may have been made. Look with get_movies" in text, mishap
    radarr.next("lost", to="POST /api/v3/command")
    radarr.next("lost", to="DELETE")

    assert "Look with get_queue" in server.refusal("search_movie", movie_id=2)
    assert "Look with get_movie_by_id" in server.refusal("delete_movie", movie_id=2)
    assert server.changes()[4:] == ["POST /api/v3/command", "DELETE /api/v3/movie/2"]
    assert len(server.items("get_movies", term="harbour")) == 2
    assert "No movie has the id 2" in server.refusal("get_movie_by_id", movie_id=2)


def test_an_answer_that_is_none_becomes_a_sentence_with_a_remedy(radarr: RadarrStub, server: Asker) -> None:
    mishaps: list[tuple[list[Mishap | Answer], str]] = [
        (["half"], "broke off its answer"),
        ([LOGIN_PAGE], "check RADARR_URL"),
        ([Answer(body=b'{"any": "thing"}')], "something else than its API promises"),
        ([Answer(body=b"[{]")], "garbled its answer"),
        ([STARTING_UP] * 3, "starting up"),
        ([Answer(status=404)], "set RADARR_URL (url in a preset) to the address"),
    ]
    for instead, words in mishaps:
        radarr.next(*instead)

        assert words in server.refusal("get_movies")
    assert len(server.items("get_movies")) == 5


def test_a_catalogue_that_does_not_answer_is_told_from_a_radarr_that_does_not(
    radarr: RadarrStub, server: Asker
) -> None:
    failing = Answer.of({"message": "Search for 'x' failed. Unable to communicate with RadarrAPI."}, 503)
    radarr.next(*[failing] * 3)

    assert "catalogue on the internet" in server.refusal("search_movies", term="x")


def test_a_radarr_that_is_down_is_waited_for(radarr: RadarrStub, server: Asker) -> None:
    radarr.stop()

    down = server.refusal("get_movies")
    health = server.ask("health_check")
    radarr.start()

    assert "cannot be reached" in down
    assert "RADARR_URL" in down
    assert health["healthy"] is False
    assert server.ask("health_check")["healthy"] is True
    assert server.ask("get_version") == {"application": "Radarr", "version": "5.26.2.10099"}


def test_a_wrong_key_names_the_variable_and_not_the_key(radarr: RadarrStub) -> None:
    wrong = "0000canary0000canary0000canary00"

    with asking(radarr, RADARR_API_KEY=wrong) as server:
        refusal = server.refusal("get_movies")
        health = server.ask("health_check")

    assert "RADARR_API_KEY" in refusal
    assert wrong not in refusal + str(health)
    assert health["healthy"] is False


def test_a_radarr_that_is_too_slow_is_given_up(radarr: RadarrStub) -> None:
    with asking(radarr, RADARR_TIMEOUT_S="1") as server:
        radarr.next("hung")
        slow = server.refusal("get_movies")
        radarr.resume()

    assert "did not answer within 1 s" in slow


def test_a_slow_radarr_lists_a_large_library_once_for_all_pages(radarr: RadarrStub) -> None:
    radarr.fill(3000)
    radarr.delay_s = 0.5

    with asking(radarr) as server:
        library = server.pages("get_movies", 40, term="movie no. 000")
        asked = [request for request in radarr.seen if request.path == "/api/v3/movie"]

    assert len(library) == sum("000" in f"{number:05}" for number in range(3000))
    assert len(asked) == 1
