"""The systems composed for the tests: the file is valid, and agrees with all that relies on it."""

import configparser
import shutil
import subprocess
import sys
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
import yaml

from mcp_orchestrator import load
from media_servers.application import Application
from tests.fixtures.systems import APPLICATIONS, NAMES, secret_variable, url_variable

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docker-compose.test.yml"
WORKFLOW = ROOT / ".github/workflows/test-orchestrator.yml"


def document(path: Path) -> dict[str, Any]:
    """Return what a YAML file says."""
    loaded: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return loaded


COMPOSED = document(FILE)
SERVICES: dict[str, dict[str, Any]] = COMPOSED["services"]
JOB: dict[str, Any] = document(WORKFLOW)["jobs"]["integration-tests"]
ON_THIS_MACHINE = dict(
    line.split("=", 1)
    for line in (ROOT / "docker/test.env").read_text("utf-8").splitlines()
    if line.startswith("TEST_")
)


def environment(service: str) -> dict[str, str]:
    """Return a service's variables, each that the machine may set at its default."""
    variables: Mapping[str, str] = SERVICES[service]["environment"]
    return {
        name: value.partition(":-")[2].removesuffix("}") if value.startswith("${") else value
        for name, value in variables.items()
    }


@pytest.mark.parametrize(("schema", "path"), [("compose-spec", FILE), ("github-workflows", WORKFLOW)])
def test_the_files_are_what_the_specifications_schemas_say(schema: str, path: Path) -> None:
    checked = subprocess.run(  # noqa: S603 -- our own Python
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", path],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout


@pytest.mark.skipif(shutil.which("docker") is None, reason="there is no docker here")
def test_docker_understands_the_file() -> None:
    known = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)  # noqa: S607 -- any docker
    if known.returncode:
        pytest.skip("this docker has no compose")

    understood = subprocess.run(  # noqa: S603 -- our own file
        ["docker", "compose", "-f", FILE, "--profile", "tests", "config", "--quiet"],  # noqa: S607 -- as above
        capture_output=True,
        text=True,
        check=False,
    )

    assert understood.returncode == 0, understood.stderr


def test_the_project_is_named_after_its_folder() -> None:
    assert "name" not in COMPOSED  # Else two checkouts would share containers.


def test_the_images_are_those_of_the_plan_in_both_places() -> None:
    images = {name: f"linuxserver/{name}:latest" for name in NAMES}

    assert {name: SERVICES[name]["image"] for name in NAMES} == images
    assert {name: service["image"] for name, service in JOB["services"].items()}.items() < images.items()


def test_every_service_tells_whether_it_is_well_but_the_one_that_ends() -> None:
    checks = {name: service["healthcheck"] for name, service in SERVICES.items()}

    assert checks.pop("tests") == {"disable": True}
    assert all(
        check["test"] and {"interval", "timeout", "retries", "start_period"} < set(check) for check in checks.values()
    )
    assert all("--health-cmd" in service["options"] for service in JOB["services"].values())
    for waiting in ("orchestrator", "tests"):
        assert SERVICES[waiting]["depends_on"] == {name: {"condition": "service_healthy"} for name in NAMES}


@pytest.mark.parametrize("application", APPLICATIONS, ids=NAMES)
def test_only_this_machine_reaches_the_ports_and_they_are_the_usual_ones(application: Application) -> None:
    port = urlsplit(application.example).port

    assert SERVICES[application.name]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert ON_THIS_MACHINE[url_variable(application)] == application.example
    if application.name in JOB["services"]:
        assert JOB["services"][application.name]["ports"] == [f"{port}:{port}"]
        assert JOB["env"][url_variable(application)] == application.example


def test_the_tests_get_the_variables_that_they_read_wherever_they_run() -> None:
    read = {variable(one) for one in APPLICATIONS for variable in (url_variable, secret_variable)}

    assert set(environment("tests")) == read
    assert set(ON_THIS_MACHINE) == read
    set_later = {"TEST_SABNZBD_API_KEY"}
    assert set_later.isdisjoint(JOB["env"])
    assert set_later | set(JOB["env"]) == {name for name in read if "PLEX" not in name}
    assert any("TEST_SABNZBD_API_KEY=" in step.get("run", "") for step in JOB["steps"])


def test_the_keys_agree() -> None:
    ini = configparser.ConfigParser()
    ini.read(ROOT / "docker/sabnzbd.ini", "utf-8")
    keys = {
        "TEST_SABNZBD_API_KEY": ini["misc"]["api_key"],
        "TEST_SONARR_API_KEY": environment("sonarr")["SONARR__AUTH__APIKEY"],
        "TEST_RADARR_API_KEY": environment("radarr")["RADARR__AUTH__APIKEY"],
    }

    assert len(set(keys.values())) == len(keys)
    assert environment("sabnzbd")["SABNZBD_API_KEY"] == keys["TEST_SABNZBD_API_KEY"]
    for inside in (environment("tests"), ON_THIS_MACHINE, JOB["env"]):
        assert {name: inside.get(name, key) for name, key in keys.items()} == keys
    for name in ("sonarr", "radarr"):
        variable = f"{name.upper()}__AUTH__APIKEY"
        assert JOB["services"][name]["env"][variable] == keys[f"TEST_{name.upper()}_API_KEY"]
    assert environment("tests")["TEST_PLEX_TOKEN"] == ON_THIS_MACHINE["TEST_PLEX_TOKEN"]


def test_the_orchestrator_and_the_tests_reach_the_same_systems() -> None:
    servers = load(ROOT / "docker/orchestrator.toml", environ=environment("orchestrator")).servers

    told = {name: value for server in servers.values() for name, value in server.env.items()}
    for application in APPLICATIONS:
        assert told[application.url_variable] == environment("tests")[url_variable(application)]
        assert told[application.secret_variable] == environment("tests")[secret_variable(application)]


def test_sabnzbd_knows_the_name_and_plex_the_network_it_is_called_from() -> None:
    ini = configparser.ConfigParser()
    ini.read(ROOT / "docker/sabnzbd.ini", "utf-8")
    preferences = ET.parse(ROOT / "docker/plex.xml").getroot()  # noqa: S314 -- our own
    (subnet,) = (ip_network(one["subnet"]) for one in COMPOSED["networks"]["default"]["ipam"]["config"])
    plex = urlsplit(environment("tests")["TEST_PLEX_URL"]).hostname
    sabnzbd = urlsplit(environment("tests")["TEST_SABNZBD_URL"]).hostname

    assert sabnzbd in ini["misc"]["host_whitelist"].split(", ")
    assert plex == SERVICES["plex"]["networks"]["default"]["ipv4_address"]
    assert ip_address(str(plex)) in subnet
    assert preferences.get("allowedNetworks") == f"{subnet.network_address}/{subnet.netmask}"


def test_what_is_mounted_is_there_and_every_volume_is_used() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", ())]
    files = {mount.split(":")[0] for mount in mounts if mount.startswith("./")}

    assert all((ROOT / file).is_file() for file in files)
    assert {mount.split(":")[0] for mount in mounts} - files == set(COMPOSED["volumes"])
    assert all(mount.endswith(":ro") for mount in mounts if mount.startswith("./"))


def test_the_commands_are_where_the_readers_look() -> None:
    told = (ROOT / "README.md").read_text("utf-8")
    header = FILE.read_text("utf-8").partition("x-patience")[0]

    for text in (told, header):
        assert "docker compose -f docker-compose.test.yml up -d --build --wait" in text
        assert "pytest tests/integration/core/ -v -m integration" in text
    assert "pytest tests/integration/core/ -v -m integration" in [step.get("run") for step in JOB["steps"]]
