"""The backend for a real SABnzbd on its stub, which is known to answer as the real one: what only a life shows."""

from collections.abc import Iterator

import pytest

from media_servers.application import SABNZBD, Access
from media_servers.errors import BadAnswerError, RefusedError, UnclearError, UnknownIdError
from media_servers.sabnzbd.api import SabnzbdApi
from tests.backends.sabnzbd import SabnzbdStub
from tests.backends.stub import Answer


@pytest.fixture
def stub() -> Iterator[SabnzbdStub]:
    with SabnzbdStub() as stub:
        yield stub


def backend(stub: SabnzbdStub) -> SabnzbdApi:
    return SabnzbdApi(Access(application=SABNZBD, url=stub.url, secret=stub.secret, timeout_s=5))


@pytest.mark.parametrize("status", ["Completed", "Failed", "Extracting", "QuickCheck", "Queued"])
def test_a_download_is_not_over_before_sabnzbd_is_done_with_it(stub: SabnzbdStub, status: str) -> None:
    api = backend(stub)
    nzo_id = stub.jobs[0].nzo_id
    stub.process(nzo_id, status)

    entry = api.history(status=None, offset=0, limit=1).items[0]

    assert (entry.nzo_id, entry.status) == (nzo_id, "processing")
    assert (entry.completed_at, entry.path, entry.fail_message, entry.can_retry) == (None, None, None, False)
    with pytest.raises(RefusedError, match="still being processed"):
        api.retry(nzo_id)


def test_what_has_ended_stays_so_while_sabnzbd_is_busy_with_another(stub: SabnzbdStub) -> None:
    api = backend(stub)
    stub.process(stub.jobs[0].nzo_id)

    entries = api.history(status=None, offset=0, limit=10).items

    assert [entry.status for entry in entries] == ["processing", "failed", "completed"]


def test_downloads_that_are_paused_one_by_one_are_in_the_queue_too(stub: SabnzbdStub) -> None:
    api = backend(stub)
    api.pause_download(stub.jobs[0].nzo_id, paused=True)

    assert api.status().queued == api.queue(term=None, offset=0, limit=10).total == 2


@pytest.mark.parametrize("name", ["film.nzb?apikey=c4na4y", "film.nzb&i=1&r=c4na4y", "api?t=get&id=1&apikey=c4na4y"])
def test_a_name_made_of_the_end_of_an_address_is_told_without_the_key_in_it(stub: SabnzbdStub, name: str) -> None:
    api = backend(stub)
    stub.jobs[0].name = name

    shown = api.queue(term=None, offset=0, limit=1).items[0].name

    assert name.startswith(shown)
    assert "c4na4y" not in shown


def test_a_failed_address_comes_back_under_the_id_that_sabnzbd_wraps_up(stub: SabnzbdStub) -> None:
    api = backend(stub)
    stub.grabs = False
    added = api.add("http://127.0.0.1:9/film.nzb", name=None, category="*", priority="normal")
    stub.fail(added.nzo_id)

    again = api.retry(added.nzo_id)

    assert stub.job(again.nzo_id) is stub.jobs[-1]
    with pytest.raises(UnknownIdError):
        api.retry(added.nzo_id)


def test_an_order_whose_answer_is_lost_is_given_once(stub: SabnzbdStub) -> None:
    api = backend(stub)
    stub.next("lost")

    with pytest.raises(UnclearError, match="get_queue"):
        api.add("http://127.0.0.1:9/film.nzb", name=None, category="*", priority="normal")

    assert [job.name for job in stub.jobs].count("film") == 1


def test_what_tells_no_version_is_not_taken_for_sabnzbd(stub: SabnzbdStub) -> None:
    stub.next(Answer.of({}))

    with pytest.raises(BadAnswerError, match="no version"):
        backend(stub).version()


def test_a_check_of_the_health_takes_no_longer_than_any_answer_may(stub: SabnzbdStub) -> None:
    api = SabnzbdApi(Access(application=SABNZBD, url=stub.url, secret=stub.secret, timeout_s=0.1))
    stub.next("hung")

    health = api.health()

    assert not health.healthy
    assert "within 0.1 s" in health.issues[0]


def test_what_says_no_to_a_check_of_the_health_is_not_healthy(stub: SabnzbdStub) -> None:
    stub.next(Answer.of({"status": False}))

    health = backend(stub).health()

    assert not health.healthy
    assert "has no status" in health.issues[0]
