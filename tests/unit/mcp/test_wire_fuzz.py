"""Bytes by chance to what reads JSON-RPC and lines: they are read, or refused, and nothing else happens."""

import json
import os
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from actors.mcp.jsonrpc import Answer, decode
from actors.mcp.lines import LineSplitter, Oversized
from actors.transport import Received

ROUNDS = int(os.environ.get("SEEDS", "1000")) * 20

SEEDLINGS = [
    b'{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"\\ud83d\\u0000"}],"isError":false}}',
    b'{"jsonrpc":"2.0","id":"a","error":{"code":-32601,"message":"no","data":[1.5e300,null]}}',
    b'{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":0.5}}',
    b'[{"method":"ping","id":3},{"id":4,"result":{}},{"error":{"code":1}}]',
]
BITS = [
    *(b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"-0", b"9" * 5000, b"9" * 4000, b"1" * 40, b"1.0"),
    *(b'"\\ud83d"', b'"\\u0000"', b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\0", b"[", b"]", b"{", b"}", b'"'),
    *(b"[" * 3000, b'{"a":' * 3000, b"[[[]]]", b'"id":', b'"id":1,', b'"method":"x",', b'"error":{},', b",", b":"),
]


def mutant(random: Random) -> bytes:
    """Return a message to which a few things have happened, or mere noise."""
    if random.random() < 0.05:
        return random.randbytes(random.randrange(40))
    data = bytearray(random.choice(SEEDLINGS))
    for _ in range(random.randrange(4)):
        where = random.randrange(len(data) + 1)
        data[where : where + random.choice([0, 0, 1, 5])] = random.choice(BITS)
    return bytes(data)


def is_sound(message: Answer | Received) -> bool:
    """Say if its id is one, and if it can be told: so then can an error in it."""
    return type(message.id) in {int, str, type(None)} and bool(str(message))


@pytest.mark.parametrize("as_text", [False, True])
def test_any_message_is_read_or_refused(*, as_text: bool) -> None:
    seen = Counter[str]()
    for seed in range(ROUNDS // 2):
        data = mutant(Random(seed))
        try:
            messages = decode(data.decode(errors="surrogateescape") if as_text else data)
        except ValueError:
            seen["refused"] += 1
        else:
            assert all(map(is_sound, messages)), seed
            seen["read"] += 1

    print(dict(seen))  # noqa: T201 -- one whose messages all end the same proves nothing
    assert min(seen["read"], seen["refused"]) > ROUNDS // 20


NESTED: dict[str, Callable[[int], str]] = {
    "lists": lambda depth: "[" * depth + "]" * depth,
    "objects": lambda depth: '{"a":' * depth + "1" + "}" * depth,
}
PLACES = ["%s", '{"x":%s}', '{"id":1,"result":%s}', '{"id":1,"error":%s}', '{"id":1,"error":{"code":1,"message":%s}}']


@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED.keys())
@pytest.mark.parametrize("place", PLACES)
def test_a_message_of_any_depth_is_read_or_refused(place: str, nested: Callable[[int], str]) -> None:
    for depth in [*range(600, 1050, 3), 3000, 10_000, 100_000]:
        try:
            messages = decode(place % nested(depth))
        except ValueError:
            continue
        assert all(map(is_sound, messages)), depth


def test_an_id_of_many_digits_ends_no_request() -> None:
    (answer,) = decode(b'{"id":%s,"result":{}}' % (b"9" * 4000))

    assert isinstance(answer, Answer)
    assert not answer.ends(9)
    with pytest.raises(ValueError, match="digits"):
        decode(b'{"id":%s,"result":{}}' % (b"9" * 5000))


def random_line(random: Random) -> bytes:
    if random.random() < 0.2:
        return json.dumps(
            {"jsonrpc": "2.0", "id": random.randrange(99), "result": "x" * random.randrange(900)}
        ).encode()
    return random.randbytes(random.choice([0, 1, 9, 90, 400, 900])).replace(b"\n", b"\r")


def test_lines_come_out_whole_or_as_their_two_ends() -> None:
    seen = Counter[str]()
    for seed in range(ROUNDS):
        random = Random(seed)
        limit, lines = random.choice([1, 50, 300, 1000]), [random_line(random) for _ in range(random.randrange(6))]
        stream = b"\n".join(lines)
        cuts = sorted(random.randrange(len(stream) + 1) for _ in range(random.randrange(12)))
        splitter = LineSplitter(limit)

        out = [
            line for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True) for line in splitter.feed(stream[a:b])
        ]
        out += splitter.flush()

        assert len(out) == len(lines) - (lines[-1:] == [b""]), seed
        for line, whole in zip(out, lines, strict=False):
            seen[type(line).__name__] += 1
            if isinstance(line, Oversized):
                assert len(whole) > limit, seed
                assert line.size == len(whole), seed
                assert whole.startswith(line.head), seed
                assert whole.endswith(line.tail), seed
                assert line.answer_id() is None or line.may_be_answer, seed
            else:
                assert line == whole, seed
                assert len(line) <= limit, seed

    print(dict(seen))  # noqa: T201 -- as above
    assert min(seen["bytes"], seen["Oversized"]) > ROUNDS // 20
