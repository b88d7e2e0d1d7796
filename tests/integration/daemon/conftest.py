"""A service manager that hears, for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.services import Manager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """Yield who hears what the service says."""
    hearing = Manager(tmp_path)
    yield hearing
    hearing.close()
