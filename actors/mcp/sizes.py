"""How much memory a peer's JSON takes, for whoever keeps it. Pure."""

import math
import sys
from typing import cast


def size_of(value: object, most: float = math.inf) -> int:
    """Return about how many bytes `value` takes, counting up to `most`: `sys.getsizeof` of all its parts.

    * Parts that occur twice count twice; the decoder shares keys, so this is rather too much than too little.
    * Without recursion: how deep it goes, the peer decides.
    """
    size, pending = 0, [value]
    while pending and size <= most:
        part = pending.pop()
        size += sys.getsizeof(part)
        if isinstance(part, dict):
            pending += cast("dict[object, object]", part).keys()
            pending += cast("dict[object, object]", part).values()
        elif isinstance(part, list | tuple):
            pending += cast("list[object]", part)
    return size
