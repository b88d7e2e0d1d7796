"""Which URIs a template can have made: for finding the server that a resource belongs to. Pure.

Source: RFC 6570. Only the shape is compared, never values: a reserved or a path expansion takes slashes, others none.
"""

import re
from functools import lru_cache

_EXPRESSION = re.compile(r"\{([+#./;?&]?)[^{}]*\}")
_TAKES = {"": "[^/?#]*", "+": ".*", "#": "(?:#.*)?", ".": "[^/?#]*", "/": "[^?#]*", ";": "[^/?#]*"}
_QUERY = "(?:[?&].*)?"
_LONGEST = 2048  # A longer template, or URI, matches nothing: expressions cost time.


def matches(template: str, uri: str) -> bool:
    """Say if `uri` looks like one that `template` makes. Never raises, and takes no long time."""
    if len(template) > _LONGEST or len(uri) > _LONGEST or template.count("{") > 16:
        return False
    return _pattern(template).fullmatch(uri) is not None


@lru_cache(maxsize=1024)
def _pattern(template: str) -> re.Pattern[str]:
    parts, end = list[str](), 0
    for expression in _EXPRESSION.finditer(template):
        parts += [re.escape(template[end : expression.start()]), _TAKES.get(expression[1], _QUERY)]
        end = expression.end()
    return re.compile("".join([*parts, re.escape(template[end:])]), re.DOTALL)
