"""The settings of a real SABnzbd: what an agent sees of them, and what it may change."""

from collections.abc import Generator
from typing import Any

import pytest
from requests.exceptions import ConnectionError as LostError
from responses import RequestsMock

from media_servers.errors import BackendError, RefusedError, UnclearError, UnknownIdError
from media_servers.sabnzbd.api import SabnzbdApi
from media_servers.sabnzbd.backend import Section, Value
from media_servers.sabnzbd.settings import CHANGEABLE, SHOWN
from tests.fixtures.sabnzbd_answers import KEY, Answers, sabnzbd

CANARY = "c4n4ry"
MISC: dict[str, Any] = {
    "bandwidth_perc": 50,
    "bandwidth_max": "10M",
    "req_completion_rate": 100.2,
    "enable_unrar": 1,
    "quick_check_ext_ignore": ["nfo", "sfv"],
    "complete_dir": "Downloads/complete",
    "api_key": KEY,
    "nzb_key": CANARY,
    "username": CANARY,
    "password": CANARY,
    "email_to": [CANARY],
    "email_pwd": CANARY,
    "host": "0.0.0.0",  # noqa: S104 -- what a setting says
    "port": "8080",
    "socks5_proxy_url": f"socks5://me:{CANARY}@proxy.invalid",
    "a_secret_of_version_9": CANARY,
}
CATEGORIES: list[dict[str, Any]] = [
    {"name": "*", "order": 0, "pp": "3", "script": "None", "dir": "", "newzbin": "", "priority": 0},
    {"name": "movies", "order": 1, "pp": "", "script": "Default", "dir": "films", "newzbin": "", "priority": -100},
    {"no": "name"},
]


@pytest.fixture
def answers() -> Generator[Answers]:
    with RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Answers(mock)


@pytest.fixture
def api() -> SabnzbdApi:
    return sabnzbd()


def config(section: Section, inside: object) -> dict[str, Any]:
    return {"config": {section: inside}}


def test_settings_are_shown_in_sabnzbds_own_types_and_nothing_secret_is(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("get_config", config("misc", MISC))

    settings = api.settings("misc", offset=0, limit=100)

    assert [(setting.keyword, setting.value, setting.changeable) for setting in settings.items] == [
        ("bandwidth_perc", 50, True),
        ("bandwidth_max", "10M", True),
        ("req_completion_rate", 100.2, True),
        ("enable_unrar", 1, True),
        ("quick_check_ext_ignore", ["nfo", "sfv"], True),
        ("complete_dir", "Downloads/complete", False),
    ]
    assert CANARY not in settings.model_dump_json()


def test_no_setting_that_is_shown_is_called_like_a_secret_or_a_place_to_get_in() -> None:
    for word in (
        "key",
        "pass",
        "pwd",
        "user",
        "account",
        "email",
        "token",
        "host",
        "port",
        "url_base",
        "cert",
        "proxy",
    ):
        assert [name for name in SHOWN if word in name] == []


def test_no_program_no_folder_and_no_lock_can_be_changed() -> None:
    for word in ("script", "_dir", "par_option", "nice", "sched", "exposure", "range", "lock", "web", "queue_complete"):
        assert [name for name in CHANGEABLE if word in name] == []


def test_settings_come_in_pages(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("get_config", config("misc", MISC))

    page = api.settings("misc", offset=2, limit=2)

    assert ([setting.keyword for setting in page.items], page.total, page.next_offset) == (
        ["req_completion_rate", "enable_unrar"],
        6,
        4,
    )


def test_a_categorys_setting_is_its_folder(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("get_config", config("categories", CATEGORIES))

    settings = api.settings("categories", offset=0, limit=100)

    assert [(setting.keyword, setting.value) for setting in settings.items] == [("*", ""), ("movies", "films")]


@pytest.mark.parametrize(
    ("keyword", "value", "told"),
    [
        ("bandwidth_perc", 75, "75"),
        ("BANDWIDTH_PERC", "75", "75"),
        ("bandwidth_max", "20M", "20M"),
        ("bandwidth_max", 2000, "2000"),
        ("req_completion_rate", 101, "101"),
        ("enable_unrar", False, "0"),
        ("quick_check_ext_ignore", ["nfo", "txt"], "nfo,txt"),
    ],
)
def test_a_setting_is_changed_and_read_again(
    answers: Answers, api: SabnzbdApi, keyword: str, value: Value, told: str
) -> None:
    name = keyword.lower()
    answers.on("get_config", config("misc", MISC), config("misc", MISC | {name: "as SABnzbd has it"}))
    answers.on("set_config", config("misc", {}))

    changed = api.change("misc", keyword, value)

    assert (changed.previous, changed.value) == (MISC[name], "as SABnzbd has it")
    method, fields = answers.last("set_config")
    assert (method, fields["section"], fields["keyword"], fields["value"]) == ("POST", "misc", name, told)


def test_a_setting_may_be_set_to_what_it_is(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("get_config", config("misc", MISC))
    answers.on("set_config", config("misc", {}))

    changed = api.change("misc", "enable_unrar", True)  # noqa: FBT003 -- the value

    assert (changed.previous, changed.value) == (1, 1)


def test_a_folder_of_a_category_is_changed(answers: Answers, api: SabnzbdApi) -> None:
    after = [CATEGORIES[0], {**CATEGORIES[1], "dir": "new/films"}]
    answers.on("get_config", config("categories", CATEGORIES), config("categories", after))
    answers.on("set_config", config("categories", []))

    changed = api.change("categories", "Movies", "new/films")

    assert (changed.previous, changed.value) == ("films", "new/films")
    fields = answers.last("set_config")[1]
    assert (fields["keyword"], fields["dir"]) == ("movies", "new/films")
    assert "value" not in fields


@pytest.mark.parametrize(
    "keyword",
    [
        *("api_key", "nzb_key", "username", "password", "host", "port", "https_port", "enable_https", "url_base"),
        *("script_dir", "pre_script", "queue_complete", "email_dir", "par_option", "nice", "web_dir", "schedlines"),
        *("complete_dir", "download_dir", "admin_dir", "host_whitelist", "inet_exposure", "config_lock", "nonsense"),
        *(
            "a_secret_of_version_9",
            "API_KEY",
            " api_key",
            "api_key\n",
            "api_key&keyword=language",
            "misc.api_key",
            "\uff41pi_key",
        ),
    ],
)
def test_what_is_not_for_an_agent_is_refused_without_a_request(answers: Answers, api: SabnzbdApi, keyword: str) -> None:
    with pytest.raises(RefusedError, match="not for an agent to change: get_config marks what is"):
        api.change("misc", keyword, "x")

    assert answers.seen == []


@pytest.mark.parametrize(
    "folder",
    [
        *("/etc", "~/bin", "../up", "a/../../b", "C:\\Windows", "\\\\nas\\x", "films*", 1),
        *(" /etc", " ~/bin", " ../up", ".. ", "a/ ../../b", "a/.. /../b", " \\\\nas\\x", "films* "),
    ],
)
def test_a_category_stays_within_the_completed_downloads(answers: Answers, api: SabnzbdApi, folder: Value) -> None:
    with pytest.raises(RefusedError, match="within the folder of completed downloads"):
        api.change("categories", "movies", folder)

    assert answers.seen == []


@pytest.mark.parametrize("value", ["en\napi_key = x", "en\r", "en\0", "\t/etc", ["nfo", "a\nb"]])
@pytest.mark.parametrize(("section", "keyword"), [("misc", "language"), ("categories", "movies")])
def test_a_line_break_in_a_value_is_refused_without_a_request(
    answers: Answers, api: SabnzbdApi, section: Section, keyword: str, value: Value
) -> None:
    with pytest.raises(RefusedError, match="characters that no setting has"):
        api.change(section, keyword, value)

    assert answers.seen == []


@pytest.mark.parametrize(
    ("asked", "kind", "remedy"),
    [
        (("categories", "books", "books"), UnknownIdError, "get_config lists those there are"),
        (("misc", "top_only", 1), UnknownIdError, "get_config lists those there are"),  # Not in this version.
        (("misc", "bandwidth_perc", "half"), RefusedError, "give a whole number"),
        (("misc", "bandwidth_perc", 0.5), RefusedError, "give a whole number"),
        (("misc", "req_completion_rate", "high"), RefusedError, "give a number, such as 100.2"),
        (("misc", "quick_check_ext_ignore", 1), RefusedError, "give a list of texts"),
        (("misc", "bandwidth_max", ["10M"]), RefusedError, "give a text, such as '10M'"),
    ],
)
def test_a_value_that_cannot_be_is_refused_before_sabnzbd_makes_the_default_of_it(
    answers: Answers,
    api: SabnzbdApi,
    asked: tuple[Section, str, Value],
    kind: type[BackendError],
    remedy: str,
) -> None:
    section, keyword, value = asked
    answers.on("get_config", config(section, MISC if section == "misc" else CATEGORIES))

    with pytest.raises(kind, match=remedy):
        api.change(section, keyword, value)

    assert "set_config" not in answers.modes()


def test_a_value_that_sabnzbd_leaves_as_it_was_is_no_success(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("get_config", config("misc", MISC))
    answers.on("set_config", config("misc", {}))

    with pytest.raises(RefusedError, match="leaves bandwidth_max at '10M': it does not take 'fast'"):
        api.change("misc", "bandwidth_max", "fast")


@pytest.mark.parametrize(
    ("words", "remedy"),
    [("Configuration locked", "switch config_lock off"), ("Config item does not exist", "its owner can, under Config")],
)
def test_a_configuration_that_is_locked_is_told(answers: Answers, api: SabnzbdApi, words: str, remedy: str) -> None:
    answers.on("get_config", config("misc", MISC))
    answers.on("set_config", {"status": False, "error": words})

    with pytest.raises(RefusedError, match=remedy):
        api.change("misc", "bandwidth_perc", 75)


def test_a_setting_whose_effect_cannot_be_seen_may_have_been_changed(answers: Answers, api: SabnzbdApi) -> None:
    answers.on("get_config", config("misc", MISC), LostError())
    answers.on("set_config", config("misc", {}))

    with pytest.raises(UnclearError, match="Look with get_config before"):
        api.change("misc", "bandwidth_perc", 75)
