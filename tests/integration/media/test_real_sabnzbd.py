"""A real SABnzbd, driven through the orchestrator as an agent would."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.real_sabnzbd import KEY, RealSabnzbd, real_sabnzbd
from tests.fixtures.sabnzbd_agent import Agent, agent

CONTENT = bytes(range(256)) * 4096  # 1 MiB in four articles.


@pytest.fixture(scope="module")
def running(sabnzbd_launcher: Path) -> Iterator[RealSabnzbd]:
    with real_sabnzbd(sabnzbd_launcher) as sabnzbd:
        yield sabnzbd


@pytest.fixture(scope="module")
def the_agent(running: RealSabnzbd) -> Iterator[Agent]:
    with agent(running.url) as someone:
        yield someone


@pytest.fixture
def sabnzbd(running: RealSabnzbd) -> Iterator[RealSabnzbd]:
    yield running
    running.clear()


def _nzb(sabnzbd: RealSabnzbd, name: str) -> str:
    return str(sabnzbd.download(name, CONTENT))


def test_a_download_is_added_by_url_paused_moved_up_resumed_completed_and_deleted(
    sabnzbd: RealSabnzbd, the_agent: Agent
) -> None:
    sabnzbd.news.hold()
    url = sabnzbd.indexer.offer("Nosferatu.1922", sabnzbd.news.post("nosferatu.mkv", CONTENT))

    added = the_agent.call("add_nzb", url=url, category="movies", name="Nosferatu 1922")
    nzo_id = added["nzo_id"]
    item = the_agent.once("get_queue", nzo_id, "downloading")
    assert (item["name"], item["category"], item["priority"]) == ("Nosferatu 1922", "movies", "normal")
    assert item["size_bytes"] == item["remaining_bytes"] == len(CONTENT)

    assert the_agent.call("pause_download", nzo_id=nzo_id)["paused"]
    assert the_agent.once("get_queue", nzo_id, "paused")["eta_s"] is None
    assert the_agent.call("set_priority", nzo_id=nzo_id, priority="high")["priority"] == "high"
    assert not the_agent.call("resume_download", nzo_id=nzo_id)["paused"]
    assert the_agent.once("get_queue", nzo_id, "downloading")["priority"] == "high"

    assert the_agent.call("pause_queue")["paused"]
    assert the_agent.call("get_status")["state"] == "paused"
    assert not the_agent.call("resume_queue")["paused"]

    sabnzbd.news.release()
    done = the_agent.once("get_history", nzo_id, "completed")
    assert the_agent.item("get_queue", nzo_id) is None
    assert (done["name"], done["category"], done["fail_message"]) == ("Nosferatu 1922", "movies", None)
    assert (done["size_bytes"], done["can_retry"]) == (len(CONTENT), False)
    assert Path(done["path"]).is_relative_to(sabnzbd.folder / "Downloads" / "complete")

    deleted = the_agent.call("delete_download", nzo_id=nzo_id, delete_files=True)
    assert (deleted["deleted_from"], deleted["files_deleted"]) == ("history", False)
    assert the_agent.item("get_history", nzo_id) is None
    assert Path(done["path"]).exists()  # SABnzbd keeps them: what is said is true.


def test_a_download_whose_articles_are_missing_fails_and_completes_on_a_retry_under_a_new_id(
    sabnzbd: RealSabnzbd, the_agent: Agent
) -> None:
    path = _nzb(sabnzbd, "The.General")
    sabnzbd.news.lose("The.General.bin")

    nzo_id = the_agent.call("add_nzb", path=path)["nzo_id"]
    failed = the_agent.once("get_history", nzo_id, "failed")
    assert "Not on your server" in failed["fail_message"]
    assert (failed["path"], failed["can_retry"]) == (None, True)

    sabnzbd.news.find("The.General.bin")
    again = the_agent.call("retry_download", nzo_id=nzo_id)
    assert again["nzo_id"] != again["retried_nzo_id"] == nzo_id
    assert Path(the_agent.once("get_history", again["nzo_id"], "completed")["path"]).exists()
    assert nzo_id in the_agent.refused("retry_download", nzo_id=nzo_id)
    assert again["nzo_id"] in the_agent.refused("retry_download", nzo_id=again["nzo_id"])


def test_an_address_without_an_nzb_fails_and_is_fetched_anew_on_a_retry(sabnzbd: RealSabnzbd, the_agent: Agent) -> None:
    nzo_id = the_agent.call("add_nzb", url=f"{sabnzbd.indexer.url}/metropolis.nzb?apikey=of-the-indexer")["nzo_id"]
    failed = the_agent.once("get_history", nzo_id, "failed")
    assert "File not on server" in failed["fail_message"]
    assert "of-the-indexer" not in json.dumps(failed)

    sabnzbd.indexer.offer("metropolis", sabnzbd.news.post("metropolis.mkv", CONTENT))
    again = the_agent.call("retry_download", nzo_id=nzo_id)["nzo_id"]

    done = the_agent.once("get_history", again, "completed")
    assert done["name"].startswith("metropolis")
    assert "of-the-indexer" not in json.dumps(done["name"])


def test_the_queue_is_told_in_pages_in_its_order(sabnzbd: RealSabnzbd, the_agent: Agent) -> None:
    the_agent.call("pause_queue")
    ids = [the_agent.call("add_nzb", path=_nzb(sabnzbd, name))["nzo_id"] for name in ("one", "two", "three", "four")]

    places = [the_agent.call("set_priority", nzo_id=ids[2], priority="high")["position"]]
    places += [the_agent.call("set_priority", nzo_id=ids[0], priority="low")["position"]]
    the_agent.call("pause_download", nzo_id=ids[3])

    assert places == [0, 3]
    pages = [the_agent.call("get_queue", limit=3, offset=offset) for offset in (0, 3)]
    assert [item["nzo_id"] for page in pages for item in page["items"]] == [ids[2], ids[1], ids[3], ids[0]]
    assert [(page["total"], page["next_offset"], page["paused"]) for page in pages] == [(4, 3, True), (4, None, True)]
    assert [item["name"] for item in the_agent.call("get_queue", term="THR")["items"]] == ["three"]
    status = the_agent.call("get_status")
    assert (status["queued"], status["remaining_bytes"]) == (4, 3 * len(CONTENT))
    assert the_agent.call("delete_download", nzo_id=ids[1], delete_files=True)["deleted_from"] == "queue"
    assert the_agent.call("get_queue")["total"] == 3


@pytest.mark.parametrize(
    "tool", ["pause_download", "resume_download", "delete_download", "retry_download", "set_priority"]
)
def test_an_unknown_id_is_refused(sabnzbd: RealSabnzbd, the_agent: Agent, tool: str) -> None:
    nzo_id = the_agent.call("add_nzb", path=_nzb(sabnzbd, "bystander"), priority="paused")["nzo_id"]
    more = {"priority": "high"} if tool == "set_priority" else {}

    for unknown in ("no such id", "all", f"{nzo_id},all"):
        sentence = the_agent.refused(tool, nzo_id=unknown, **more)
        assert "get_queue" in sentence or "get_history" in sentence

    assert the_agent.once("get_queue", nzo_id, "paused")["priority"] == "normal"


def test_what_sabnzbd_does_not_take_is_refused_with_the_reason(sabnzbd: RealSabnzbd, the_agent: Agent) -> None:
    for name in ("broken.nzb", "text.txt"):
        (sabnzbd.folder / name).write_text("no NZB")

    assert "no such file" in the_agent.refused("add_nzb", path=str(sabnzbd.folder / "nothing.nzb"))
    assert ".nzb" in the_agent.refused("add_nzb", path=str(sabnzbd.folder / "text.txt"))
    assert "broken" in the_agent.refused("add_nzb", path=str(sabnzbd.folder / "broken.nzb"))
    assert "movies" in the_agent.refused("add_nzb", path=_nzb(sabnzbd, "film"), category="no such category")
    assert the_agent.call("get_queue")["total"] == 0
    health = the_agent.call("health_check")
    assert health["healthy"]
    assert any("broken.nzb" in issue for issue in health["issues"])


def test_settings_are_told_and_changed_and_what_does_not_fit_is_refused(sabnzbd: RealSabnzbd, the_agent: Agent) -> None:
    def value(keyword: str, section: str = "misc") -> object:
        settings = the_agent.call("get_config", section=section)["items"]
        return next(setting["value"] for setting in settings if setting["keyword"] == keyword)

    changed = the_agent.call("set_config", section="misc", keyword="bandwidth_perc", value=50)
    assert (changed["previous"], changed["value"], value("bandwidth_perc")) == (100, 50, 50)
    assert the_agent.call("set_config", section="misc", keyword="bandwidth_perc", value=5000)["value"] == 100
    assert the_agent.call("set_config", section="misc", keyword="top_only", value=True)["value"] in (1, True)
    assert sabnzbd.ask("get_config", section="misc", keyword="top_only")["config"]["misc"]["top_only"] in (1, True)
    assert the_agent.call("set_config", section="misc", keyword="top_only", value=False)["value"] in (0, False)
    assert "whole number" in the_agent.refused("set_config", section="misc", keyword="bandwidth_perc", value="many")
    assert the_agent.refused("set_config", section="misc", keyword="no_such_setting", value=1)
    assert the_agent.refused("set_config", section="misc", keyword="api_key", value=KEY)
    assert the_agent.call("set_config", section="categories", keyword="tv", value="telly")["previous"] == ""
    assert value("tv", "categories") == "telly"
    assert "no setting" in the_agent.refused("set_config", section="categories", keyword="books", value="books")


def test_version_and_health_are_those_of_sabnzbd(sabnzbd: RealSabnzbd, the_agent: Agent) -> None:
    version = the_agent.call("get_version")

    assert version == {"application": "SABnzbd", "version": sabnzbd.ask("version")["version"]}
    assert the_agent.call("health_check")["healthy"]
    assert the_agent.call("get_status")["state"] == "idle"


def test_a_wrong_key_is_told_with_the_remedy(sabnzbd: RealSabnzbd) -> None:
    with agent(sabnzbd.url, "f00df00df00df00df00df00df00df00d") as stranger:
        for tool in ("get_queue", "get_history", "get_status", "pause_queue"):
            assert "SABNZBD_API_KEY" in stranger.refused(tool)
        health = stranger.call("health_check")

    assert not health["healthy"]
    assert "SABNZBD_API_KEY" in health["issues"][0]
    assert not sabnzbd.ask("queue")["queue"]["paused"]


def test_a_stopped_sabnzbd_is_told_and_when_it_is_back_so_is_all_it_had(sabnzbd_launcher: Path) -> None:
    with real_sabnzbd(sabnzbd_launcher) as sabnzbd, agent(sabnzbd.url) as the_agent:
        nzo_id = the_agent.call("add_nzb", path=_nzb(sabnzbd, "film"), priority="paused")["nzo_id"]

        sabnzbd.stop()
        sentences = [the_agent.refused(tool) for tool in ("get_queue", "pause_queue", "get_version")]
        health = the_agent.call("health_check")
        sabnzbd.start()
        item = the_agent.once("get_queue", nzo_id, "paused")

    assert all("start it" in sentence for sentence in sentences)
    assert not health["healthy"]
    assert "start it" in health["issues"][0]
    assert item["name"] == "film"
