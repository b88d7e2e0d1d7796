"""What the stubs of Sonarr and Radarr share answers as the real ones do: key, errors, pages, queue, commands."""

from collections.abc import Iterator

import pytest
import requests

from tests.backends.radarr import RadarrStub
from tests.backends.servarr import STARTING_UP, ServarrStub
from tests.backends.servarr_answers import span
from tests.backends.sonarr import SonarrStub
from tests.fixtures.servarr_asking import ask, told


@pytest.fixture(params=[SonarrStub, RadarrStub])
def stub(request: pytest.FixtureRequest) -> Iterator[ServarrStub]:
    kind: type[SonarrStub | RadarrStub] = request.param
    with kind() as stub:
        yield stub


def test_without_the_key_nothing_but_the_ping_is_answered(stub: ServarrStub) -> None:
    refused = requests.get(f"{stub.url}/api/v3/health", timeout=10)
    wrong = requests.get(f"{stub.url}/api/v3/nothing", headers={"X-Api-Key": "wrong"}, timeout=10)
    ping = requests.get(f"{stub.url}/ping", timeout=10)

    assert (refused.status_code, refused.content) == (401, b"")
    assert wrong.status_code == 401
    assert ping.json() == {"status": "OK"}


def test_the_key_may_stand_in_the_header_or_the_query(stub: ServarrStub) -> None:
    in_query = requests.get(f"{stub.url}/api/v3/system/status", params={"apikey": stub.secret}, timeout=10)
    bearer = {"Authorization": f"Bearer {stub.secret}"}
    in_bearer = requests.get(f"{stub.url}/api/v3/system/status", headers=bearer, timeout=10)

    status = told(stub, "system/status")

    assert status == in_query.json() == in_bearer.json()
    assert status["appName"] == stub.title
    assert status["version"] == stub.version


def test_a_key_in_the_query_counts_before_the_one_in_the_header(stub: ServarrStub) -> None:
    assert ask(stub, "health", apikey="wrong").status_code == 401


def test_outside_the_api_every_page_is_the_user_interface(stub: ServarrStub) -> None:
    page = requests.get(f"{stub.url}/api-is-elsewhere/v3", timeout=10)
    missing = requests.get(f"{stub.url}/some.file", timeout=10)

    assert page.headers["Content-Type"] == "text/html"
    assert page.text.startswith("<!doctype html>")
    assert missing.status_code == 404


def test_an_unknown_path_of_the_api_is_404_and_a_wrong_method_405(stub: ServarrStub) -> None:
    unknown, wrong = ask(stub, "nothing"), ask(stub, "health", "DELETE")

    assert (unknown.status_code, unknown.content) == (404, b"")
    assert wrong.status_code == 405


def test_paths_have_no_case(stub: ServarrStub) -> None:
    assert told(stub, "qualityProfile") == told(stub, "qualityprofile")
    assert told(stub, "rootFolder")[0]["accessible"] is True


def test_answers_are_packed_for_those_who_take_it(stub: ServarrStub) -> None:
    packed = ask(stub, "health")
    plain = requests.get(
        f"{stub.url}/api/v3/health", headers={"X-Api-Key": stub.secret, "Accept-Encoding": "identity"}, timeout=10
    )

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert packed.headers["X-Application-Version"] == stub.version


def test_a_url_base_stands_before_all_and_others_are_sent_there(stub: ServarrStub) -> None:
    stub.url_base = "/base"

    beside = ask(stub, "health", page=1)
    inside = requests.get(f"{stub.url}/base/api/v3/health", headers={"X-Api-Key": stub.secret}, timeout=10)

    assert beside.status_code == 307
    assert beside.headers["Location"].startswith("/base/api/v3/health")
    assert inside.status_code == 200


def test_while_it_starts_it_says_so(stub: ServarrStub) -> None:
    stub.next(STARTING_UP)

    starting = ask(stub, "health")

    assert starting.status_code == 503
    assert "starting up" in starting.json()["errorMessage"]


def test_what_is_null_is_left_out_unless_told_otherwise(stub: ServarrStub) -> None:
    sparse = told(stub, "queue")["records"][-1]
    stub.nulls = True
    full = told(stub, "queue")["records"][-1]

    assert None not in sparse.values()
    assert None in full.values()


@pytest.mark.parametrize(("name", "value"), [("page", "first"), ("pageSize", "1e3"), ("sortDirection", "asc")])
def test_a_parameter_that_cannot_be_read_is_400_and_named(stub: ServarrStub, name: str, value: str) -> None:
    refused = ask(stub, "queue", **{name: value})

    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == [name]


def test_the_queue_comes_in_pages_within_an_envelope(stub: ServarrStub) -> None:
    first = told(stub, "queue", page=1, pageSize=2, sortKey="timeleft", sortDirection="ascending")
    second = told(stub, "queue", page=2, pageSize=2, sortKey="timeleft", sortDirection="ascending")

    assert {key: first[key] for key in first if key != "records"} == {
        "page": 1,
        "pageSize": 2,
        "sortKey": "timeleft",
        "sortDirection": "ascending",
        "totalRecords": 3,
    }
    assert [len(first["records"]), len(second["records"])] == [2, 1]
    assert len({record["id"] for record in first["records"] + second["records"]}) == 3


def test_behind_its_last_page_the_queue_begins_again(stub: ServarrStub) -> None:
    beyond = told(stub, "queue", page=9, pageSize=10)

    assert beyond["page"] == 1
    assert len(beyond["records"]) == 3


def test_entries_of_the_queue_that_belong_to_nothing_come_only_if_asked_for(stub: ServarrStub) -> None:
    name = "includeUnknownSeriesItems" if stub.title == "Sonarr" else "includeUnknownMovieItems"

    everything = told(stub, "queue", **{name: "true"})

    assert everything["totalRecords"] == told(stub, "queue")["totalRecords"] + 1
    unknown = [record for record in everything["records"] if not {"seriesId", "movieId"} & record.keys()]
    assert len(unknown) == 1


def test_an_entry_is_taken_out_of_the_queue_once(stub: ServarrStub) -> None:
    entry = stub.queue[0].id

    removed = ask(stub, f"queue/{entry}", "DELETE", removeFromClient="true", blocklist="false")
    again = ask(stub, f"queue/{entry}", "DELETE")

    assert (removed.status_code, removed.content) == (200, b"")
    assert (again.status_code, again.json()) == (404, {"message": "NotFound"})


def test_a_command_is_queued_then_started_then_done(stub: ServarrStub) -> None:
    name = "RefreshSeries" if stub.title == "Sonarr" else "RefreshMovie"

    made = ask(stub, "command", "POST", body={"name": name.lower()})
    key = made.json()["id"]

    assert made.status_code == 201
    assert made.headers["Location"].endswith(f"/api/v3/command/{key}")
    assert (made.json()["name"], made.json()["status"]) == (name, "queued")
    assert [told(stub, f"command/{key}")["status"] for _ in range(2)] == ["started", "completed"]
    assert [command["id"] for command in told(stub, "command")] == [key]


def test_a_command_must_have_a_name_that_is_known(stub: ServarrStub) -> None:
    nameless = ask(stub, "command", "POST", body={})
    unknown = ask(stub, "command", "POST", body={"name": "MakeTea"})

    assert nameless.status_code == 400
    assert nameless.json()[0]["propertyName"] == "Name"
    assert unknown.status_code == 500
    assert unknown.json()["message"] == "Sequence contains no matching element"
    assert ask(stub, "command/4711").json()["title"] == "Not Found"


def test_a_body_that_is_no_json_or_not_said_to_be_is_refused(stub: ServarrStub) -> None:
    headers = {"X-Api-Key": stub.secret}
    form = requests.post(f"{stub.url}/api/v3/command", data={"name": "RssSync"}, headers=headers, timeout=10)
    headers["Content-Type"] = "application/json"
    broken = requests.post(f"{stub.url}/api/v3/command", data=b"{", headers=headers, timeout=10)

    assert form.status_code == 415
    assert broken.status_code == 400
    assert ask(stub, "command", "POST", body={"name": 5}).status_code == 400


@pytest.mark.parametrize(
    ("seconds", "written"), [(0, "00:00:00"), (754, "00:12:34"), (876_000, "10.03:20:00"), (None, None)]
)
def test_a_span_is_written_with_days_before_a_point(seconds: int | None, written: str | None) -> None:
    assert span(seconds) == written
