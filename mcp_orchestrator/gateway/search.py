"""Finds tools by words: in their names, titles, descriptions and the names of their parameters. Pure.

Each word of a query counts where it stands best in a tool, and the more, the fewer tools have it, as in BM25 and its
like; a word's beginning counts less than the word. The same question has the same answer.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from math import log

from actors.catalogue import Tool, table

# How much a word is worth by where it stands. Arbitrary, but for their order.
_NAME, _TITLE, _PARAMETER, _DESCRIPTION = 8.0, 4.0, 3.0, 2.0
_BEGINNING = 0.5  # Of the worth of the whole word.
_SHORTEST_BEGINNING = 3
_MOST_WORDS = 32  # Of a query. Arbitrary.
_SAY_NOTHING = frozenset({"a", "an", "and", "for", "in", "of", "on", "or", "the", "to", "with"})
_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Index:
    """The words of some tools. `search` returns their positions."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._words = [_worth(tool) for tool in tools]
        self._number: dict[str, int] = {}  # Of tools that have a word.
        for worth in self._words:
            for word in worth:
                self._number[word] = self._number.get(word, 0) + 1

    def search(self, query: str, among: Iterable[int]) -> list[int]:
        """Return those of `among` that have something of the query, the best first; of a query without words, all."""
        asked = [word for word in dict.fromkeys(words(query)) if word not in _SAY_NOTHING][:_MOST_WORDS]
        if not asked:
            return list(among)
        meant = [(word, [known for known in self._number if _begins(known, word)]) for word in asked]
        scores = {position: sum(self._score(position, *each) for each in meant) for position in among}
        found = [position for position, score in scores.items() if score > 0]
        return sorted(found, key=lambda position: -scores[position])  # Stable: the order of the list decides ties.

    def _score(self, position: int, word: str, known: list[str]) -> float:
        worth = self._words[position]
        return max(
            (
                worth[each] * (1.0 if each == word else _BEGINNING) * log(1 + len(self._words) / self._number[each])
                for each in known
                if each in worth
            ),
            default=0.0,
        )


def words(text: str) -> list[str]:
    """Return the words of a text as they are compared: in lower case, without the s of plurals."""
    return [_singular(word.lower()) for word in _WORD.findall(_CAMEL.sub(" ", text))]


def _worth(tool: Tool) -> Mapping[str, float]:
    """Return the words of one tool, each with what it is worth where it stands best."""
    parameters = table(table(tool.get("inputSchema")).get("properties"))
    places = (
        (_DESCRIPTION, str(tool.get("description") or "")),
        (_PARAMETER, " ".join(map(str, parameters))),
        (_TITLE, f"{tool.get('title') or ''} {table(tool.get('annotations')).get('title') or ''}"),
        (_NAME, str(tool.get("name"))),
    )
    return {word: worth for worth, text in places for word in words(text)}  # The best place comes last.


def _begins(known: str, word: str) -> bool:
    return known == word or (len(word) >= _SHORTEST_BEGINNING and known.startswith(word))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
