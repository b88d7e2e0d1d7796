"""What a header says of a name or an argument: exactly that, whatever it holds, in printable ASCII."""

from base64 import b64decode
from enum import Enum, IntEnum
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.mcp.header_values import header_value

Scalar: TypeAlias = str | int | bool


class Region(str, Enum):  # noqa: UP042 -- a StrEnum says its value everywhere, this one does not
    WEST = "us-west1"


class Priority(IntEnum):
    HIGH = 7

    def __repr__(self) -> str:
        return "high"


def read_back(header: str) -> str:
    """Read a header as the specification tells a server to."""
    if header.startswith("=?base64?") and header.endswith("?=") and len(header) > len("=?base64?="):
        return b64decode(header.removeprefix("=?base64?").removesuffix("?="), validate=True).decode()
    return header


@pytest.mark.parametrize(
    ("value", "header"),
    [
        ("us-west1", "us-west1"),
        ("us west 1", "us west 1"),
        ("get_weather", "get_weather"),
        ("file:///path/to/file%20name.txt", "file:///path/to/file%20name.txt"),
        ("", ""),
        ("~!", "~!"),
        (42, "42"),
        (-7, "-7"),
        (0, "0"),
        (2**63, "9223372036854775808"),
        (True, "true"),
        (False, "false"),
    ],
)
def test_what_a_header_can_say_is_said_plainly(value: Scalar, header: str) -> None:
    assert header_value(value) == header


@pytest.mark.parametrize(
    ("value", "header"),
    [
        ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
        (" padded ", "=?base64?IHBhZGRlZCA=?="),
        (" us-west1", "=?base64?IHVzLXdlc3Qx?="),
        ("us-west1 ", "=?base64?dXMtd2VzdDEg?="),
        ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
        ("line1\r\nline2", "=?base64?bGluZTENCmxpbmUy?="),
        ("\tindented", "=?base64?CWluZGVudGVk?="),
        ("tab\tinside", "=?base64?dGFiCWluc2lkZQ==?="),
        ("\x7f", "=?base64?fw==?="),
        ("\x00", "=?base64?AA==?="),
        (" ", "=?base64?IA==?="),
    ],
)
def test_what_a_header_cannot_say_is_encoded(value: str, header: str) -> None:
    assert header_value(value) == header


@pytest.mark.parametrize(
    ("value", "header"),
    [
        ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ("=?base64??=", "=?base64?PT9iYXNlNjQ/Pz0=?="),
        ("=?base64?=", "=?base64?PT9iYXNlNjQ/PQ==?="),
    ],
)
def test_a_text_that_looks_encoded_is_encoded(value: str, header: str) -> None:
    assert header_value(value) == header


@pytest.mark.parametrize("value", ["=?base64?", "?=", "=?BASE64?eA==?=", "x=?base64?eA==?=", "=?base64?eA==?= x"])
def test_a_text_with_one_mark_or_another_is_no_encoded_one(value: str) -> None:
    assert header_value(value) == value


def test_an_enum_is_said_as_json_says_it() -> None:
    assert type(header_value(Region.WEST)) is str
    assert header_value(Region.WEST) == "us-west1"
    assert header_value(Priority.HIGH) == "7"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_server_reads_every_text_back(value: str) -> None:
    assert read_back(header_value(value)) == value


@given(st.text(st.characters()) | st.integers() | st.booleans())
def test_every_header_is_printable_ascii_without_a_space_at_its_ends(value: Scalar) -> None:
    header = header_value(value)

    assert all(" " <= character <= "~" for character in header)
    assert header == header.strip()


def test_half_a_surrogate_pair_is_no_error_and_no_other_text() -> None:
    header = header_value("\ud800")

    assert header == "=?base64?7aCA?="
    with pytest.raises(UnicodeDecodeError):
        read_back(header)
