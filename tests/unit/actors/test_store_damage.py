"""The store when its file is not what it wrote: that one goes aside, for whoever wants it, and the next begins."""

import os
from pathlib import Path

import pytest

from tests.fixtures.store import ask, living


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


DAMAGES = {
    "text that is no UTF-8": "UPDATE servers SET breaker = CAST(X'ff' AS TEXT)",
    "JSON that is none": "UPDATE servers SET breaker = '{'",
    "a histogram of other bounds": """UPDATE servers SET statistics = '{"latencies": [1, 2]}'""",
    "an incident without a time": "UPDATE incidents SET at = 'yesterday'",
}


@pytest.mark.parametrize("damage", ["no database", "a table overwritten", "an index overwritten", *DAMAGES])
def test_a_damaged_file_is_moved_aside_and_not_deleted(state_dir: Path, damage: str) -> None:
    with living(state_dir) as world:
        world.keep(protocol="2025-06-18", tools=("forecast",), fresh=True)
        world.happen("before")
        world.stop()
        injure(world.path, damage)
        injured = world.path.read_bytes()

        world.store = world.start()

        (aside,) = world.corrupt_files()
        assert (state_dir / aside).read_bytes() == injured
        assert (world.mode, world.reason.endswith(f"is now {aside}")) == ("disk", True)
        assert world.recall().servers == {}
        world.happen("after")
        world.restart()
        assert (world.texts(), world.mode, world.corrupt_files()) == (["after"], "disk", [aside])


def injure(path: Path, damage: str) -> None:
    if damage == "no database":
        path.write_bytes(b"not what it was " * 256)
    elif damage in DAMAGES:
        ask(path, DAMAGES[damage])
    else:
        name = "servers" if damage == "a table overwritten" else "sqlite_autoindex_servers_1"
        ((page,),) = ask(path, "SELECT rootpage FROM sqlite_master WHERE name = ?", name)
        with path.open("r+b") as file:
            file.seek((page - 1) * 4096)
            file.write(b"\xee" * 4096)


def test_files_moved_aside_in_the_same_second_do_not_replace_each_other(state_dir: Path) -> None:
    with living(state_dir) as world:
        for content in (b"first " * 1000, b"second " * 1000):
            world.stop()
            world.path.write_bytes(content)
            world.store = world.start()

        contents = [(state_dir / name).read_bytes()[:6] for name in world.corrupt_files()]
        assert contents == [b"first ", b"second"]


def test_damage_found_while_running_costs_nothing_that_is_known(state_dir: Path) -> None:
    with living(state_dir) as world:
        world.keep(protocol="2025-06-18")
        world.happen("before")
        world.fill(8)  # More than SQLite holds in memory.
        world.restart()
        with world.path.open("r+b") as file:
            file.write(b"\xee" * os.fstat(file.fileno()).st_size)

        world.happen("after")
        world.fill(7)  # In place of what is to be read for that, and cannot be.
        world.advance(1.0)

        (aside,) = world.corrupt_files()
        assert Path(f"{state_dir / aside}-wal").exists()
        assert (world.mode, world.reason.endswith(f"is now {aside}")) == ("disk", True)
        for _ in ("now", "and after a restart"):
            assert world.texts() == ["before", "after"]
            assert world.memory().protocol == "2025-06-18"
            assert len(world.memory("large").catalogue.tools) == 1
            world.restart()
