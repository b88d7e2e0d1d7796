"""The store when its disk fails: it goes on in memory, says why, and gives the disk everything once it can."""

import os
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from actors.mcp.session import Belief
from actors.statistics import Statistics
from tests.fixtures.store import StoreWorld, ask, living, no_file_larger_than, said, small_disk, writing_process

pytestmark = pytest.mark.slow  # Real processes: left out of `scripts/test --quick`.

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk, which only root can")


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


def still_remembers(world: StoreWorld, text: str) -> bool:
    return world.texts() == [text] and world.memory().protocol == "2025-06-18"


def test_a_second_process_runs_in_memory_says_why_and_takes_over_once_the_first_is_gone(state_dir: Path) -> None:
    with writing_process(state_dir, "once") as first:
        assert [said(first), said(first)] == ["disk", "1"]
        with living(state_dir) as world:
            assert (world.mode, world.reason.split(":")[0]) == ("memory", "another process has it open")
            world.keep("sonarr", protocol="2025-06-18")
            world.happen("ours")
            assert not world.flush()
            first.kill()
            first.wait(10.0)

            world.advance(59.0)
            assert world.mode == "memory"
            world.advance(2.0)

            assert (world.mode, world.reason) == ("disk", "")
            for _ in ("now", "and after a restart"):
                assert world.texts() == ["1", "ours"]
                assert world.memory().statistics.calls == 1
                assert world.memory("sonarr").protocol == "2025-06-18"
                world.restart()


def test_two_stores_of_one_process_do_not_share_a_file_either(state_dir: Path) -> None:
    with living(state_dir) as first, living(state_dir) as second:
        assert (first.mode, second.mode) == ("disk", "memory")
        first.happen("of the first")
        assert first.flush()

        second.stop()
        with writing_process(state_dir) as third:
            assert said(third) == "memory"  # The second's end has not ended the lock of the first.


def test_what_is_known_in_memory_goes_before_what_the_file_says_and_leaves_the_rest(state_dir: Path) -> None:
    with living(state_dir) as first:
        first.keep("weather", tools=("forecast",), fresh=True, protocol="2024-11-05")
        first.keep("plex", protocol="2024-11-05")
        first.flush()
        with living(state_dir) as second:
            second.keep("weather", protocol="2025-06-18")
            first.stop()

            assert second.flush()

            assert second.memory("weather").protocol == "2025-06-18"
            assert list(second.memory("weather").catalogue.tools) == ["forecast"]
            assert second.memory("plex").protocol == "2024-11-05"


@pytest.mark.parametrize("obstacle", ["folder is a file", "file is a folder"])
def test_a_path_that_cannot_be_used_is_tried_again_every_minute(state_dir: Path, obstacle: str) -> None:
    in_the_way = state_dir if obstacle == "folder is a file" else state_dir / "orchestrator.db"
    in_the_way.parent.mkdir(exist_ok=True)
    if obstacle == "folder is a file":
        in_the_way.touch()
    else:
        in_the_way.mkdir()
    with living(state_dir) as world:
        assert world.mode == "memory"
        assert world.reason
        world.keep(protocol="2025-06-18")
        world.happen("seen")
        world.advance(120.0)
        assert len(world.statuses) == 1
        assert still_remembers(world, "seen")
        if in_the_way.is_dir():
            in_the_way.rmdir()
        else:
            in_the_way.unlink()

        world.keep("plex")
        world.advance(2.0)
        assert world.mode == "memory"  # Not with every change.
        world.advance(58.0)

        assert (world.mode, world.reason) == ("disk", "")
        world.restart()
        assert still_remembers(world, "seen")


def test_a_file_that_failed_is_let_go_so_that_it_can_be_mended(state_dir: Path) -> None:
    with living(state_dir) as world:
        world.stop()
        ask(world.path, "CREATE TRIGGER t BEFORE INSERT ON incidents BEGIN SELECT RAISE(ABORT, 'broken'); END")
        world.store = world.start()
        world.happen("seen")
        world.advance(1.0)
        assert (world.mode, world.reason) == ("memory", "broken")

        ask(world.path, "DROP TRIGGER t")
        world.advance(60.0)

        world.restart()
        assert (world.mode, world.texts()) == ("disk", ["seen"])


@pytest.mark.parametrize("replaced", [True, False])
def test_a_file_taken_away_while_running_is_written_anew(state_dir: Path, *, replaced: bool) -> None:
    with living(state_dir) as world:
        world.keep(protocol="2025-06-18")
        world.happen("before")
        assert world.flush()
        world.path.unlink()
        if replaced:
            with living(state_dir) as other:
                other.happen("other")

        world.happen("after")
        world.advance(1.0)
        world.restart()

        assert world.mode == "disk"
        assert world.texts() == [*(["other"] if replaced else []), "before", "after"]
        assert world.memory().protocol == "2025-06-18"


def test_a_file_of_a_newer_release_is_left_alone(state_dir: Path) -> None:
    with living(state_dir) as world:
        world.happen("before")
        world.stop()
        ask(world.path, "PRAGMA user_version = 3")
        content = world.path.read_bytes()

        world.store = world.start()
        world.happen("after")
        world.advance(120.0)

        assert (world.mode, world.reason) == ("memory", "its schema is version 3, this release knows 2")
        world.stop()
        assert world.path.read_bytes() == content
        assert world.corrupt_files() == []


def test_an_empty_file_is_one_of_no_schema_yet(state_dir: Path) -> None:
    state_dir.mkdir()
    (state_dir / "orchestrator.db").touch()

    with living(state_dir) as world:
        world.happen("kept")
        world.restart()

        assert (world.texts(), world.mode) == (["kept"], "disk")


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        pytest.param("disk", "no space is left for it", marks=AS_ROOT),
        ("quota", "no space is left for it|its disk fails"),
    ],
)
def test_a_full_disk_is_told_and_gets_everything_once_there_is_space(state_dir: Path, limit: str, reason: str) -> None:
    with ExitStack() as limits, ExitStack() as disk:
        if limit == "disk":
            disk.enter_context(small_disk(state_dir))
        with living(state_dir) as world:
            world.keep(protocol="2025-06-18")
            world.happen("before")
            assert world.flush()
            if limit == "quota":
                limits.enter_context(no_file_larger_than(192 * 1024))
            world.fill(1)

            world.advance(1.0)
            assert (world.mode, world.reason.split(":")[0] in reason.split("|")) == ("memory", True)
            world.advance(60.0)
            assert len(world.statuses) == 2
            assert still_remembers(world, "before")
            limits.close()
            if limit == "disk":
                remount(state_dir, "size=64m")
            world.advance(60.0)

            assert (world.mode, world.reason) == ("disk", "")
            world.restart()
            assert still_remembers(world, "before")
            assert len(world.memory("large").catalogue.tools) == 1


@AS_ROOT
@pytest.mark.parametrize("known", [True, False])
def test_a_disk_that_may_only_be_read_is_told_and_written_once_it_may(state_dir: Path, *, known: bool) -> None:
    with small_disk(state_dir), living(state_dir) as world:
        world.stop()
        if not known:
            world.path.unlink()
        remount(state_dir, "ro")
        world.store = world.start()
        world.keep(protocol="2025-06-18")
        world.happen("seen")
        assert world.mode == "memory"
        assert still_remembers(world, "seen")

        remount(state_dir, "rw")
        world.advance(60.0)

        assert world.mode == "disk"
        world.restart()
        assert still_remembers(world, "seen")


def remount(folder: Path, options: str) -> None:
    command = ["mount", "-o", f"remount,{options}", str(folder)]
    subprocess.run(command, check=True)  # noqa: S603 -- ours


def test_a_file_of_the_release_before_keeps_its_servers_and_asks_them_for_their_era(state_dir: Path) -> None:
    with living(state_dir) as world:
        world.keep(tools=("forecast",), fresh=True, era="modern", transport="http", protocol="2026-07-28")
        path = world.path
    ask(path, "ALTER TABLE servers DROP COLUMN transport")
    ask(path, "UPDATE servers SET era = 'legacy'")
    ask(path, "PRAGMA user_version = 1")

    with living(state_dir) as world:
        memory = world.memory()

    assert memory.belief == Belief()
    assert (memory.protocol, list(memory.catalogue.tools)) == ("2026-07-28", ["forecast"])


def test_numbers_that_were_kept_before_there_were_others_count_on(state_dir: Path) -> None:
    with living(state_dir) as world:
        statistics = Statistics()
        statistics.answered(0.25)
        statistics.failed_as("MCPTimeoutError")
        world.keep(statistics=statistics.snapshot())
        path = world.path
    ask(path, "UPDATE servers SET statistics = json_remove(statistics, '$.failed_with', '$.latency_sum_s')")

    with living(state_dir) as world:
        found = world.memory().statistics

    assert (found.failed, sum(found.latencies), found.failed_with, found.latency_sum_s) == (1, 1, {}, 0.0)
