"""The configuration of a daemon, read again: what a good file changes, what a bad one does not, and who hears of it."""

import asyncio
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from actors.errors import ConfigurationError
from mcp_orchestrator.config import OrchestratorConfig
from mcp_orchestrator.daemon.configuration import Configuration
from tests.fixtures.manual_time import eventually, on_a_loop

GOOD = '[daemon]\nport = {port}\nwatch_config = {watched}\n[servers.a]\ncommand = ["{command}"]\n'
BAD = '[servers.a]\ncomand = ["x"]\n'


class Taker:
    """Takes what is put in force. `held`: an event that keeps it from coming to an end."""

    def __init__(self) -> None:
        self.taken: list[OrchestratorConfig] = []
        self.held: asyncio.Event | None = None

    async def __call__(self, config: OrchestratorConfig) -> list[str]:
        self.taken.append(config)
        if self.held is not None:
            await self.held.wait()
        return list(config.servers)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a good configuration."""
    file = tmp_path / "o.toml"
    write(file)
    return file


def write(file: Path, *, port: int = 1, command: str = "x", watched: bool = True) -> None:
    """Write a good configuration."""
    file.write_text(GOOD.format(port=port, command=command, watched=str(watched).lower()))


def spoil(file: Path) -> None:
    """Write a bad one."""
    file.write_text(BAD)


def remove(file: Path) -> None:
    """Leave none."""
    file.unlink()


def replace_by_pipe(file: Path) -> None:
    """Leave a pipe that nobody writes to."""
    file.unlink()
    os.mkfifo(file)


def serving(file: Path, told: Mapping[str, object] | None = None) -> tuple[Configuration, Taker]:
    """Return a configuration, and who takes what it reads."""
    configuration, taker = Configuration(file, told), Taker()
    configuration.serve(taker)
    return configuration, taker


@on_a_loop
async def test_a_reload_puts_the_new_file_in_force_and_names_the_servers_it_touched(file: Path) -> None:
    configuration, taker = serving(file)
    write(file, command="y")

    assert await configuration.reload() == ["a"]

    assert taker.taken[0].servers[next(iter(taker.taken[0].servers))].command == ("y",)
    assert configuration.in_force is taker.taken[0]
    assert (configuration.error, configuration.touched, configuration.path) == ("", ["a"], str(file))


@on_a_loop
async def test_a_bad_file_changes_nothing_and_a_good_one_clears_what_was_said(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    configuration, taker = serving(file)
    before = configuration.in_force, configuration.loaded_at
    spoil(file)

    for _ in range(2):
        with pytest.raises(ConfigurationError):
            await configuration.reload()

    assert (configuration.in_force, configuration.loaded_at) == before
    assert "servers.a.comand: unknown key" in configuration.error
    assert taker.taken == []
    assert [record.levelno for record in caplog.records] == [logging.ERROR]

    write(file)
    await configuration.reload()

    assert configuration.error == ""


@on_a_loop
async def test_options_of_the_command_line_go_before_the_file_after_a_reload_too(file: Path) -> None:
    configuration, taker = serving(file, {"port": 9})
    write(file, port=2)

    await configuration.reload()

    assert taker.taken[0].daemon.port == 9
    assert configuration.restart_for == []


@on_a_loop
async def test_a_setting_that_needs_a_restart_is_named_until_it_is_what_it_was(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    configuration, _ = serving(file)
    write(file, port=2)
    await configuration.reload()

    assert configuration.restart_for == ["port"]
    assert "the new values of port in [daemon] need a restart" in caplog.text

    write(file, port=1)
    await configuration.reload()

    assert configuration.restart_for == []


@on_a_loop
async def test_reloads_come_one_after_the_other_and_each_reads_what_is_there_then(file: Path) -> None:
    configuration, taker = serving(file)
    taker.held = asyncio.Event()
    heard: list[bool] = []
    configuration.watch(lambda: heard.append(configuration.is_reloading))
    write(file, command="y")
    first = asyncio.ensure_future(configuration.reload())
    await eventually(lambda: taker.taken)
    second = asyncio.ensure_future(configuration.reload())
    write(file, command="z")
    await asyncio.sleep(0)
    assert len(taker.taken) == 1

    taker.held.set()
    await asyncio.gather(first, second)

    assert [next(iter(config.servers.values())).command for config in taker.taken] == [("y",), ("z",)]
    assert heard == [True, False, True, False]


@pytest.mark.parametrize("how", ["written", "replaced", "through a link"])
@on_a_loop
async def test_a_file_that_changes_is_read_again(file: Path, how: str) -> None:
    named = file
    if how == "through a link":
        named = file.with_name("link.toml")
        named.symlink_to(file)
    configuration, taker = serving(named)
    watching = asyncio.ensure_future(configuration.reload_when_changed(0.01, 0.01))

    if how == "written":
        write(file, command="other")
    else:
        new = file.with_name("new")
        write(new, command="y")  # As long as before, and perhaps of the same instant.
        if how == "replaced":
            new.replace(file)
        else:
            link = file.with_name("new link")
            link.symlink_to(new)
            link.replace(named)

    await eventually(lambda: taker.taken)
    watching.cancel()
    assert len(taker.taken) == 1


@on_a_loop
async def test_a_secret_that_changes_is_read_again(tmp_path: Path) -> None:
    file, secret = tmp_path / "o.toml", tmp_path / "key"
    secret.write_text("old")
    file.write_text('[servers.a]\ncommand = ["x"]\nenv = { KEY = { file = "key" } }\n')
    configuration, taker = serving(file)
    watching = asyncio.ensure_future(configuration.reload_when_changed(0.01, 0.01))

    secret.write_text("other")

    await eventually(lambda: taker.taken)
    watching.cancel()
    assert next(iter(taker.taken[0].servers.values())).env == {"KEY": "other"}


@on_a_loop
async def test_a_bad_file_is_read_once_and_the_next_good_one_too(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    configuration, taker = serving(file)
    watching = asyncio.ensure_future(configuration.reload_when_changed(0.01, 0.01))

    remove(file)
    await eventually(lambda: "there is no such file" in configuration.error)
    spoil(file)
    await eventually(lambda: "unknown key" in configuration.error)
    began_at = configuration.began_at
    await asyncio.sleep(0.1)  # In which it would be read ten times.
    assert configuration.began_at == began_at
    write(file)

    await eventually(lambda: taker.taken)
    watching.cancel()
    assert configuration.error == ""
    assert sum(record.levelno == logging.ERROR for record in caplog.records) == 2


@on_a_loop
async def test_a_file_that_is_not_watched_is_not_read(file: Path) -> None:
    write(file, watched=False)
    configuration, taker = serving(file)
    watching = asyncio.ensure_future(configuration.reload_when_changed(0.01, 0.01))
    write(file, command="y")

    await asyncio.sleep(0.1)

    assert taker.taken == []
    watching.cancel()


@on_a_loop
async def test_a_pipe_in_the_place_of_the_file_is_a_mistake_that_nobody_waits_for(file: Path) -> None:
    configuration, taker = serving(file)
    replace_by_pipe(file)

    with pytest.raises(ConfigurationError, match="is a pipe"):
        await configuration.reload()

    assert taker.taken == []
