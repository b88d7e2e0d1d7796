"""What the clients of Sonarr and Radarr share: pages, choices, refusals, health. Here by way of Sonarr."""

from collections.abc import Generator
from typing import Any

import pytest
import responses

from media_servers.application import SONARR
from media_servers.errors import BadAnswerError, FailedError, RefusedError, SecretRefusedError, UnclearError
from media_servers.servarr import NotOfferedError, Servarr
from media_servers.servarr_choices import Choice, choose_profile, choose_root
from tests.fixtures.media import SettableClock
from tests.fixtures.servarr import KEY, PROFILES, ROOTS, STATUS, Answers, access, failure, fault, page


@pytest.fixture
def answers() -> Generator[Answers]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Answers(mock)


@pytest.fixture
def sonarr() -> Servarr:
    return Servarr(access(SONARR), SettableClock())


def ten_pages(answers: Answers) -> None:
    """Serve 25 entries in pages of 10; behind the last page comes the last again, as in the real ones."""
    for number in range(1, 5):
        first = min(number, 3) * 10 - 10
        records = [{"id": entry} for entry in range(first, min(first + 10, 25))]
        answers.at("/queue", page(records, 25, min(number, 3), 10), page=number, pageSize=10)


@pytest.mark.parametrize(
    ("offset", "ids", "requests"),
    [(0, range(10), 1), (20, range(20, 25), 1), (5, range(5, 15), 2), (22, range(22, 25), 1), (30, (), 1), (33, (), 1)],
)
def test_any_offset_is_made_of_the_applications_own_pages(
    sonarr: Servarr, answers: Answers, offset: int, ids: range, requests: int
) -> None:
    ten_pages(answers)

    records, total = sonarr.paged("/queue", {}, offset, 10)

    assert (records, total) == ([{"id": entry} for entry in ids], 25)
    assert len(answers.asked("/queue")) == requests


@pytest.mark.parametrize("document", ["no", {}, {"totalRecords": 1}, page([]) | {"records": None}])
def test_a_page_of_another_shape_is_told(sonarr: Servarr, answers: Answers, document: object) -> None:
    answers.at("/queue", document)

    with pytest.raises(
        BadAnswerError, match=r"something else than its API promises: check SONARR_URL .* and the version"
    ):
        sonarr.paged("/queue", {}, 0, 10)


def test_the_key_goes_in_a_header_and_nowhere_else(sonarr: Servarr, answers: Answers) -> None:
    answers.at("/rootfolder", ROOTS)

    sonarr.listed("/rootfolder")

    assert answers.keys() == {KEY}
    assert answers.asked("/rootfolder") == [{}]


@pytest.mark.parametrize(
    ("wanted", "name"), [(None, "Any"), ("hd-1080P", "HD-1080p"), (" any ", "Any"), (4, "HD-1080p"), ("4", "HD-1080p")]
)
def test_a_quality_profile_is_chosen_by_name_or_id(
    sonarr: Servarr, answers: Answers, wanted: str | int | None, name: str
) -> None:
    answers.at("/qualityprofile", PROFILES)

    assert Choice(choose_profile(sonarr, wanted), None).quality_profile == name


def test_an_unknown_quality_profile_is_refused_with_those_there_are(sonarr: Servarr, answers: Answers) -> None:
    answers.at("/qualityprofile", PROFILES)

    with pytest.raises(RefusedError, match=r"no quality profile 'Ultra': choose one of \"Any\" \(1\), \"HD-1080p\" "):
        choose_profile(sonarr, "Ultra")


def test_a_long_list_to_choose_from_is_cut(sonarr: Servarr, answers: Answers) -> None:
    answers.at("/qualityprofile", [{"id": number, "name": f"P{number}"} for number in range(1, 101)])

    with pytest.raises(RefusedError, match=r"\"P20\" \(20\) and 80 more\.$"):
        choose_profile(sonarr, "Ultra")


@pytest.mark.parametrize(("wanted", "path"), [(None, "/tv"), ("/tv/", "/tv"), (2, "/tv"), ("2", "/tv")])
def test_a_root_folder_is_chosen_by_path_or_id_and_one_out_of_reach_never_by_itself(
    sonarr: Servarr, answers: Answers, wanted: str | int | None, path: str
) -> None:
    answers.at("/rootfolder", ROOTS)

    assert Choice(None, choose_root(sonarr, wanted)).root_folder == path


@pytest.mark.parametrize(
    ("wanted", "roots", "told"),
    [
        ("/films", ROOTS, r"no root folder '/films': choose one of /old \(1\), /tv \(2\)\."),
        ("/old", ROOTS, "cannot reach its root folder /old: mount it or correct its rights; there are /old"),
        (None, ROOTS[:1], "cannot reach its root folder /old"),
        (None, [], "has no root folder: add one there, under Settings > Media Management"),
    ],
)
def test_a_root_folder_that_cannot_be_is_refused(
    sonarr: Servarr, answers: Answers, wanted: str | None, roots: list[dict[str, Any]], told: str
) -> None:
    answers.at("/rootfolder", roots)

    with pytest.raises(RefusedError, match=told):
        choose_root(sonarr, wanted)


def test_without_any_quality_profile_it_is_told_where_to_make_one(sonarr: Servarr, answers: Answers) -> None:
    answers.at("/qualityprofile", [])

    with pytest.raises(RefusedError, match="add one there, under Settings > Profiles"):
        choose_profile(sonarr, None)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (
            [fault("Path", "Path is not valid."), fault("", "Too many.")],
            "Path: Path is not valid; it: Too many",
        ),
        ({"message": "seriesId must be provided", "description": "at Sonarr.Api"}, "HTTP 400, seriesId must be "),
        ({"title": "One or more errors.", "errors": {"$.id": ["no number"]}}, r"One or more errors; \$.id: \['no num"),
        ([], r"\(HTTP 400\)"),
        ("no", r"\(HTTP 400\)"),
    ],
)
def test_a_refusal_is_told_in_the_applications_words_and_never_with_the_key(
    sonarr: Servarr, answers: Answers, document: object, told: str
) -> None:
    answers.at("/series", document, status=400, method="POST")

    with pytest.raises(RefusedError, match=told) as refusal:
        sonarr.post("/series", {}, look_with="get_series")

    assert KEY not in str(refusal.value)
    assert str(refusal.value).endswith("correct what it names, in the call or in Sonarr.")


def test_a_refusal_that_is_no_json_is_told_by_its_status(sonarr: Servarr, answers: Answers) -> None:
    answers.raw("/series", "<html>Bad Request</html>", status=400)

    with pytest.raises(RefusedError, match=r"Sonarr refuses this \(HTTP 400\)"):
        sonarr.listed("/series")


def test_a_key_that_the_application_repeats_is_taken_out(sonarr: Servarr, answers: Answers) -> None:
    answers.at("/series", [fault("Path", f"No such path: /{KEY}/tv")], status=400, method="POST")

    with pytest.raises(RefusedError) as refusal:
        sonarr.post("/series", {}, look_with="get_series")

    assert KEY not in str(refusal.value)


def test_an_address_without_the_api_is_told(sonarr: Servarr, answers: Answers) -> None:
    answers.at("/series", {"message": "NotFound"}, status=404)
    answers.at("/command", {"message": "NotFound"}, status=404, method="POST")
    answers.raw("/series/1", "<html>404</html>", status=404)

    for path, ask in (
        ("/series", lambda: sonarr.listed("/series")),
        ("/command", lambda: sonarr.post("/command", {}, look_with="get_queue")),
        ("/series", lambda: sonarr.find("/series", 1)),
    ):
        with pytest.raises(NotOfferedError, match=rf"nothing at http://media.test:8989/api/v3{path} \(HTTP 404\)"):
            ask()


@pytest.mark.parametrize(
    ("body", "lists"),
    [
        ('{"message": "NotFound"}', 0),
        ('{"detail": "Series 1 not found"}', 0),
        ("no such series", 0),
        ('{"detail": "Not Found"}', 1),
        ("<pre>Cannot GET /api/v3/series/1</pre>", 1),
    ],
)
def test_the_list_is_only_asked_for_an_entry_if_its_path_may_be_unknown(
    sonarr: Servarr, answers: Answers, body: str, lists: int
) -> None:
    answers.raw("/series/1", body, status=404, media_type="text/plain")
    answers.at("/series", [{"id": "1"}])

    assert sonarr.find("/series", 1) == ({"id": "1"} if lists else None)
    assert len(answers.asked("/series")) == lists


def test_a_wrong_key_and_a_web_page_are_told(sonarr: Servarr, answers: Answers) -> None:
    answers.at("/rootfolder", {"error": "Unauthorized"}, status=401)
    answers.raw("/qualityprofile", "<!doctype html><title>Login</title>")

    with pytest.raises(SecretRefusedError, match="SONARR_API_KEY"):
        choose_root(sonarr, None)
    with pytest.raises(BadAnswerError, match="web page"):
        choose_profile(sonarr, None)


def test_a_failure_is_told_with_its_message_and_without_its_stack(sonarr: Servarr, answers: Answers) -> None:
    answers.at("/rootfolder", failure("database disk image is malformed"), status=500)

    with pytest.raises(FailedError, match="HTTP 500, database disk image is malformed") as told:
        choose_root(sonarr, None)

    assert "SomeController" not in str(told.value)


def test_a_catalogue_out_of_reach_is_not_blamed_on_the_application(sonarr: Servarr, answers: Answers) -> None:
    answers.at("/series/lookup", failure("Search for 'x' failed. Unable to communicate with SkyHook."), status=503)

    with pytest.raises(FailedError, match=r"could not search its catalogue on the internet \(HTTP 503, Search for 'x'"):
        sonarr.catalogue("/series/lookup", {"term": "x"})


@pytest.mark.parametrize("status", ["queued", "STARTED", "what?"])
def test_a_command_is_answered_with_its_id(sonarr: Servarr, answers: Answers, status: str) -> None:
    answers.at("/command", {"id": 77, "name": "EpisodeSearch", "status": status}, status=201, method="POST")

    command = sonarr.command("EpisodeSearch", episodeIds=[5])

    assert (command.command_id, command.name) == (77, "EpisodeSearch")
    assert command.status == ("started" if status == "STARTED" else "queued")
    assert answers.sent("/command") == {"name": "EpisodeSearch", "episodeIds": [5]}


@pytest.mark.parametrize(
    ("document", "status"), [({}, 201), ({"status": False}, 200), (failure("locked"), 500), ([], 201)]
)
def test_a_command_whose_answer_is_lost_may_have_begun(
    sonarr: Servarr, answers: Answers, document: object, status: int
) -> None:
    answers.at("/command", document, status=status, method="POST")

    with pytest.raises(UnclearError, match=r"may have been made\. Look with get_queue"):
        sonarr.command("EpisodeSearch", episodeIds=[5])
    assert len(answers.asked("/command", "POST")) == 1


def test_the_version_is_the_applications(sonarr: Servarr, answers: Answers) -> None:
    answers.at("/system/status", STATUS)

    assert sonarr.version().model_dump() == {"application": "Sonarr", "version": "4.0.15.2941"}


def test_the_health_lists_complaints_and_only_an_error_makes_it_bad(sonarr: Servarr, answers: Answers) -> None:
    update = {"source": "UpdateCheck", "type": "warning", "message": "New update is available", "wikiUrl": "https://x"}
    broken = {"source": "RootFolderCheck", "type": "error", "message": f"Missing root folder: /{KEY}"}
    answers.at("/system/status", STATUS)
    answers.at("/health", [update, {"source": "X", "type": "ok"}, "strange"])

    health = sonarr.health()
    assert (health.healthy, health.issues) == (True, ["Warning: New update is available"])

    answers.at("/health", [broken])
    answers.at("/health", [broken] * 30)
    assert (sonarr.health().healthy, sonarr.health().issues[0]) == (False, "Error: Missing root folder: /…")
    assert sonarr.health().issues[20:] == ["And 10 more: see Sonarr under System > Status."]


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (STATUS | {"appName": "Radarr"}, 200, "Radarr answers at http://media.test:8989: set SONARR_URL"),
        ({"error": "Unauthorized"}, 401, "Sonarr refuses the key at"),
        ({"message": "NotFound"}, 404, "There is nothing at http://media.test:8989/api/v3/system/status"),
        (["strange"], 200, "something else than its API promises"),
    ],
)
def test_the_health_says_what_is_in_the_way_and_never_raises(
    sonarr: Servarr, answers: Answers, status: object, code: int, told: str
) -> None:
    answers.at("/system/status", status, status=code)

    health = sonarr.health()

    assert not health.healthy
    assert told in health.issues[0]


def test_the_health_of_what_is_not_there_is_told() -> None:
    with responses.RequestsMock():  # Which refuses every connection.
        health = Servarr(access(SONARR)).health()

    assert not health.healthy
    assert "Sonarr cannot be reached at http://media.test:8989" in health.issues[0]
