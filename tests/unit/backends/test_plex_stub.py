"""The stub of Plex, asked with plain HTTP, tells XML and JSON as the server does."""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests

from tests.backends.plex import PlexStub
from tests.backends.plex_library import EMPTY, MOVIES, MUSIC, PHOTOS, SHOWS
from tests.backends.plex_playing import GUEST

TIMEOUT_S = 10


@pytest.fixture
def plex() -> Iterator[PlexStub]:
    with PlexStub() as stub:
        yield stub


def asked(plex: PlexStub, path: str, method: str = "GET", /, **query: str | int) -> requests.Response:
    with requests.Session() as session:
        headers = {"X-Plex-Token": plex.secret}
        return session.request(method, plex.url + path, params=query, headers=headers, timeout=TIMEOUT_S)


def xml(plex: PlexStub, path: str, /, **query: str | int) -> ET.Element:
    answer = asked(plex, path, **query)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/xml;charset=utf-8"
    return ET.fromstring(answer.content)  # noqa: S314 -- our own words


def json(plex: PlexStub, path: str, /, **query: str | int) -> dict[str, Any]:
    with requests.Session() as session:
        headers = {"X-Plex-Token": plex.secret, "Accept": "application/json"}
        answer = session.get(plex.url + path, params=query, headers=headers, timeout=TIMEOUT_S)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    document: dict[str, Any] = answer.json()["MediaContainer"]
    return document


def titles(root: ET.Element) -> list[str]:
    return [child.attrib["title"] for child in root]


def test_without_a_token_there_is_an_html_page_that_sends_a_browser_to_the_web_client(plex: PlexStub) -> None:
    answer = requests.get(f"{plex.url}/", headers={"Accept": "application/json"}, timeout=TIMEOUT_S)

    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.text.startswith("<html><head><script>")
    assert answer.text.endswith("<title>Unauthorized</title></head><body><h1>401 Unauthorized</h1></body></html>")


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_wrong_token_is_answered_with_a_page_of_91_bytes(plex: PlexStub, token: str) -> None:
    answer = requests.get(f"{plex.url}/library/sections", headers={"X-Plex-Token": token}, timeout=TIMEOUT_S)

    assert answer.status_code == 401
    assert len(answer.content) == 91
    assert answer.headers["X-Plex-Protocol"] == "1.0"


def test_the_token_may_stand_in_the_query(plex: PlexStub) -> None:
    answer = requests.get(f"{plex.url}/library/sections", params={"X-Plex-Token": plex.secret}, timeout=TIMEOUT_S)

    assert answer.status_code == 200


def test_who_it_is_it_tells_without_a_token(plex: PlexStub) -> None:
    answer = requests.get(f"{plex.url}/identity", timeout=TIMEOUT_S)

    assert ET.fromstring(answer.content).attrib["version"] == plex.version  # noqa: S314 -- our own words


def test_the_root_says_what_the_server_is(plex: PlexStub) -> None:
    root, document = xml(plex, "/"), json(plex, "/")

    assert root.attrib["friendlyName"] == document["friendlyName"] == "Stub"
    assert (root.attrib["myPlex"], document["myPlex"]) == ("1", True)


def test_libraries_have_their_number_as_a_text_and_gaps_between(plex: PlexStub) -> None:
    root, document = xml(plex, "/library/sections"), json(plex, "/library/sections")

    assert [child.attrib["key"] for child in root] == ["1", "2", "3", "5", "8"]
    assert [library["key"] for library in document["Directory"]] == ["1", "2", "3", "5", "8"]
    assert [library["type"] for library in document["Directory"]] == ["movie", "show", "artist", "photo", "movie"]
    assert "scannedAt" not in document["Directory"][-1]
    assert document["Directory"][0]["Location"] == [{"id": 11, "path": "/media/movies"}]


def test_items_are_metadata_in_json_and_have_their_kind_s_element_in_xml(plex: PlexStub) -> None:
    expected = {MOVIES: "Video", SHOWS: "Directory", MUSIC: "Directory", PHOTOS: "Directory"}

    for section, tag in expected.items():
        path = f"/library/sections/{section}/all"
        assert {child.tag for child in xml(plex, path)} == {tag}
        assert len(json(plex, path)["Metadata"]) == len(xml(plex, path))


def test_an_empty_list_has_no_key_in_json(plex: PlexStub) -> None:
    document = json(plex, f"/library/sections/{EMPTY}/all")

    assert document["size"] == 0
    assert "Metadata" not in document


def test_in_json_numbers_are_numbers_and_keys_are_texts(plex: PlexStub) -> None:
    (film,) = json(plex, f"/library/sections/{MOVIES}/all", title="metro")["Metadata"]

    assert film["ratingKey"] == str(plex.item("Metropolis").rating_key)
    assert (film["year"], film["duration"], film["rating"], film["viewCount"]) == (1927, 9_180_000, 9.7, 1)
    assert [media["Part"][0]["container"] for media in film["Media"]] == ["mkv", "avi"]


def test_a_film_that_was_never_matched_lacks_what_others_have(plex: PlexStub) -> None:
    (film,) = json(plex, f"/library/sections/{MOVIES}/all", title="VTS")["Metadata"]

    assert not {"year", "duration", "summary", "guid", "viewCount"} & film.keys()


def test_a_list_is_given_in_pages_by_query_or_headers(plex: PlexStub) -> None:
    plex.fill(2000)
    path = f"/library/sections/{MOVIES}/all"

    by_query = asked(plex, path, **{"X-Plex-Container-Start": 1990, "X-Plex-Container-Size": 50})

    root = ET.fromstring(by_query.content)  # noqa: S314 -- our own words
    assert (root.attrib["size"], root.attrib["totalSize"], root.attrib["offset"]) == ("19", "2009", "1990")
    assert by_query.headers["X-Plex-Container-Total-Size"] == "2009"
    headers = {"X-Plex-Token": plex.secret, "X-Plex-Container-Start": "1990", "X-Plex-Container-Size": "50"}
    by_headers = requests.get(plex.url + path, headers=headers, timeout=TIMEOUT_S)
    assert by_headers.content == by_query.content


def test_a_page_of_no_items_tells_how_many_there_are(plex: PlexStub) -> None:
    document = json(plex, f"/library/sections/{MOVIES}/all", **{"X-Plex-Container-Size": 0})

    assert (document["size"], document["totalSize"]) == (0, 9)


def test_a_whole_list_does_not_say_its_total(plex: PlexStub) -> None:
    assert "totalSize" not in json(plex, f"/library/sections/{MOVIES}/all")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"year": "1922", "sort": "titleSort:desc"}, ["Nosferatu", "Häxan"]),
        ({"title": "haxan"}, ["Häxan"]),
        ({"title=": "the general"}, ["The General"]),
        ({"genre": "Horror"}, ["Häxan", "Nosferatu"]),
        ({"year>>": "1927"}, ["東京物語"]),
        ({"year<": "1915"}, ["Les Vampires"]),
        ({"unwatched": "0"}, ["Metropolis", "Nosferatu"]),
        ({"sort": "addedAt:desc", "limit": "2"}, ["VTS_01_1", "holiday_final_FINAL"]),
        (
            {"sort": "viewCount:desc,titleSort", "limit": "3"},
            ["Nosferatu", "Metropolis", 'Cops & "Robbers" <uncut> 🎬'],
        ),
        ({"titel": "no such filter", "limit": "1"}, ['Cops & "Robbers" <uncut> 🎬']),
    ],
)
def test_a_list_is_filtered_and_ordered(plex: PlexStub, query: dict[str, str], expected: list[str]) -> None:
    assert titles(xml(plex, f"/library/sections/{MOVIES}/all", **query)) == expected


def test_a_type_asks_for_what_lies_deeper(plex: PlexStub) -> None:
    assert len(xml(plex, f"/library/sections/{SHOWS}/all", type=3)) == 6
    assert len(xml(plex, f"/library/sections/{SHOWS}/all", type=4)) == 35
    assert len(xml(plex, f"/library/sections/{MUSIC}/all", type=10)) == 4
    assert len(xml(plex, f"/library/sections/{PHOTOS}/all", type=13)) == 3


def test_a_list_is_lighter_without_what_is_not_wanted(plex: PlexStub) -> None:
    query = {"title": "metropolis", "excludeElements": "Media,Genre", "excludeFields": "summary"}

    (film,) = json(plex, f"/library/sections/{MOVIES}/all", **query)["Metadata"]

    assert not {"Media", "Genre", "summary"} & film.keys()
    assert film["Director"] == [{"tag": "Fritz Lang"}]


def test_in_full_an_item_has_its_streams_and_other_sites_ids(plex: PlexStub) -> None:
    item = plex.item("Metropolis")

    (film,) = json(plex, item.key)["Metadata"]

    assert film["Guid"] == [{"id": "imdb://tt0017136"}, {"id": "tmdb://19"}]
    assert [stream["streamType"] for stream in film["Media"][0]["Part"][0]["Stream"]] == [1, 2]


def test_below_a_show_of_many_seasons_stands_one_entry_that_is_no_season(plex: PlexStub) -> None:
    show = plex.item("Les Misérables")

    document = json(plex, f"{show.key}/children")

    assert [entry["title"] for entry in document["Metadata"]] == ["Specials", "Season 1", "Season 2"]
    assert [entry["title"] for entry in document["Directory"]] == ["All episodes"]
    assert titles(xml(plex, f"{show.key}/children", excludeAllLeaves=1)) == ["Specials", "Season 1", "Season 2"]
    assert len(xml(plex, f"{show.key}/allLeaves")) == 9


@pytest.mark.parametrize(
    "path",
    [
        "/library/sections/99/all",
        "/library/sections/99/refresh",
        "/library/metadata/99999",
        "/library/metadata/x",
        "/no",
    ],
)
def test_what_there_is_not_is_an_html_page(plex: PlexStub, path: str) -> None:
    answer = asked(plex, path)

    assert answer.status_code == 404
    assert answer.text == "<html><head><title>Not Found</title></head><body><h1>404 Not Found</h1></body></html>"


def test_a_scan_is_answered_at_once_and_goes_on_until_it_is_over(plex: PlexStub) -> None:
    plex.arrive("Safety Last!")

    answer = asked(plex, f"/library/sections/{MOVIES}/refresh")

    assert (answer.status_code, answer.content) == (200, b"")
    assert json(plex, "/library/sections")["Directory"][0]["refreshing"] is True
    (activity,) = json(plex, "/activities")["Activity"]
    assert activity["uuid"] == answer.headers["X-Plex-Activity"]
    assert activity["Context"]["librarySectionID"] == "1"
    assert len(xml(plex, f"/library/sections/{MOVIES}/all", title="Safety")) == 0
    plex.scanned()
    assert json(plex, "/library/sections")["Directory"][0]["refreshing"] is False
    assert json(plex, "/activities") == {"size": 0}
    assert titles(xml(plex, f"/library/sections/{MOVIES}/recentlyAdded"))[0] == "Safety Last!"


def test_a_scan_can_be_called_off(plex: PlexStub) -> None:
    asked(plex, f"/library/sections/{MOVIES}/refresh")

    asked(plex, f"/library/sections/{MOVIES}/refresh", "DELETE")

    assert json(plex, "/activities") == {"size": 0}


def test_what_was_added_lately_is_told_by_episode_in_one_library_and_by_season_in_all(plex: PlexStub) -> None:
    assert {child.attrib["type"] for child in xml(plex, f"/library/sections/{SHOWS}/recentlyAdded")} == {"episode"}
    together = xml(plex, "/library/recentlyAdded")
    assert {child.attrib["type"] for child in together} == {"movie", "season", "album", "photo"}
    dates = [int(child.attrib["addedAt"]) for child in together]
    assert dates == sorted(dates, reverse=True)


def test_on_deck_is_what_is_begun_and_what_comes_next(plex: PlexStub) -> None:
    deck = json(plex, "/library/onDeck")["Metadata"]

    assert [(item["title"], item.get("viewOffset")) for item in deck] == [
        ("Episode 1", 420_000),
        ("The General", 1_860_000),
        ("Episode 4", None),
    ]
    assert [item["title"] for item in json(plex, f"/library/sections/{MOVIES}/onDeck")["Metadata"]] == ["The General"]


def test_maintenance_is_a_503_of_xml_whatever_is_accepted(plex: PlexStub) -> None:
    plex.maintain()

    answer = requests.get(f"{plex.url}/identity", headers={"Accept": "application/json"}, timeout=TIMEOUT_S)

    assert answer.status_code == 503
    said = ET.fromstring(answer.content)  # noqa: S314 -- our own words
    assert (said.tag, said.attrib["code"], said.attrib["title"]) == ("Response", "503", "Maintenance")
    plex.maintained()
    assert asked(plex, "/").status_code == 200


def test_watching_with_another_account_is_only_in_the_history(plex: PlexStub) -> None:
    plex.watch("The General", account=GUEST, device=None)

    (last,) = json(plex, "/status/sessions/history/all", sort="viewedAt:desc", **{"X-Plex-Container-Size": 1})[
        "Metadata"
    ]

    assert (last["title"], last["accountID"]) == ("The General", GUEST)
    assert "deviceID" not in last
    assert "viewCount" not in json(plex, plex.item("The General").key)["Metadata"][0]
