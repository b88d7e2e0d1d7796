"""Where a real application is and how to get in: read from the environment, and told when it makes no sense."""

from pathlib import Path

import pytest

from media_servers.application import PLEX, RADARR, SABNZBD, SONARR, Access, Application, SettingsError, access

URL = "http://nas.local:8080"
KEY = "c4n4ry0123456789abcdef"
ENOUGH = {"SABNZBD_URL": URL, "SABNZBD_API_KEY": KEY}


def read(**environ: str) -> Access:
    return access(SABNZBD, ENOUGH | environ)


@pytest.mark.parametrize(
    ("application", "url_variable", "secret_variable"),
    [
        (SABNZBD, "SABNZBD_URL", "SABNZBD_API_KEY"),
        (SONARR, "SONARR_URL", "SONARR_API_KEY"),
        (RADARR, "RADARR_URL", "RADARR_API_KEY"),
        (PLEX, "PLEX_URL", "PLEX_TOKEN"),
    ],
)
def test_each_application_has_variables_of_its_own(
    application: Application, url_variable: str, secret_variable: str
) -> None:
    found = access(application, {url_variable: URL, secret_variable: KEY})

    assert (found.application, found.url, found.secret) == (application, URL, KEY)
    assert (found.timeout_s, found.ca_file, found.title) == (60, None, application.title)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://nas.local/sabnzbd/", "https://nas.local/sabnzbd"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("HTTP://NAS", "HTTP://NAS"),
    ],
)
def test_an_address_may_have_a_url_base_and_loses_its_last_slash(given: str, url: str) -> None:
    assert read(SABNZBD_URL=given).url == url


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("", "SABNZBD_URL is not set: set it to SABnzbd's address, such as http://127.0.0.1:8080"),
        ("nas:8080", "is not an http or https address"),
        ("ftp://nas", "is not an http or https address"),
        ("http://", "is not an http or https address"),
        ("http://nas:port", "is not an http or https address"),
        ("http://nas:0", "is not an http or https address"),
        ("http://nas:99999", "is not an http or https address"),
        ("http://[::1", "is not an http or https address"),
        ("http://my nas", "is not an http or https address"),
        (f"http://me:{KEY}@nas", "holds a password: leave it out"),
        (f"http://nas/?apikey={KEY}", r"behind a \? or #: leave it out"),
        ("http://nas/#top", r"behind a \? or #: leave it out"),
    ],
)
def test_an_address_that_is_none_is_told_without_repeating_it(given: str, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence) as caught:
        read(SABNZBD_URL=given)

    assert KEY not in str(caught.value)


def test_a_secret_may_be_in_a_file_with_a_newline_at_its_end(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", encoding="utf-8")

    assert read(SABNZBD_API_KEY="", SABNZBD_API_KEY_FILE=str(file)).secret == KEY


def test_a_secret_may_be_given_once_only(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SABNZBD_API_KEY and SABNZBD_API_KEY_FILE are both set: leave one out"):
        read(SABNZBD_API_KEY_FILE=str(tmp_path))


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"\xff\xfe")

    with pytest.raises(SettingsError, match=r"key cannot be read \(not a UTF-8 text\): correct the path"):
        read(SABNZBD_API_KEY="", SABNZBD_API_KEY_FILE=str(file))
    with pytest.raises(SettingsError, match=r"none cannot be read \(No such file or directory\)"):
        read(SABNZBD_API_KEY="", SABNZBD_API_KEY_FILE=str(tmp_path / "none"))


@pytest.mark.parametrize("secret", ["two words", "tab\there", "ümlaut", f"{KEY}\nx"])
def test_a_secret_that_cannot_be_one_is_told_without_repeating_it(secret: str) -> None:
    with pytest.raises(SettingsError, match="characters that no key has: copy it again") as caught:
        read(SABNZBD_API_KEY=secret)

    assert secret not in str(caught.value)


def test_a_secret_that_is_missing_is_told_with_its_place() -> None:
    with pytest.raises(SettingsError, match=r"PLEX_TOKEN is not set: set it to what stands in Plex under X-Plex-Token"):
        access(PLEX, {"PLEX_URL": URL})


def test_an_empty_file_holds_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.touch()

    with pytest.raises(SettingsError, match="SABNZBD_API_KEY is not set"):
        read(SABNZBD_API_KEY="", SABNZBD_API_KEY_FILE=str(file))


@pytest.mark.parametrize(("given", "seconds"), [("", 60), ("0.5", 0.5), ("3600", 3600)])
def test_the_time_limit_can_be_set(given: str, seconds: float) -> None:
    assert read(SABNZBD_TIMEOUT_S=given).timeout_s == seconds


@pytest.mark.parametrize("given", ["0", "-1", "3601", "nan", "inf", "a minute"])
def test_a_time_limit_that_is_none_is_told(given: str) -> None:
    with pytest.raises(SettingsError, match="SABNZBD_TIMEOUT_S is no number of seconds above 0 and up to 3600"):
        read(SABNZBD_TIMEOUT_S=given)


def test_certificates_to_trust_must_be_there(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.touch()

    assert read(SABNZBD_CA_FILE=str(file)).ca_file == str(file)
    assert read(SABNZBD_CA_FILE="").ca_file is None
    with pytest.raises(SettingsError, match=r"SABNZBD_CA_FILE: there is no file .*none\.pem: correct the path"):
        read(SABNZBD_CA_FILE=str(tmp_path / "none.pem"))
