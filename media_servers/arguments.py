"""Parameters that tools of several servers share: their ranges and what an agent reads about them."""

from datetime import date, timedelta
from typing import Annotated, TypeAlias

from pydantic import Field

from media_servers.errors import RefusedError

Limit: TypeAlias = Annotated[int, Field(ge=1, le=100, description="Entries on a page, 1 to 100.")]
Offset: TypeAlias = Annotated[int, Field(ge=0, description="Entries to skip; next_offset of the page before.")]
Term: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=200, description="Words of the title, in any case; 1 to 200 characters.")
]
Filter: TypeAlias = Annotated[
    str | None,
    Field(min_length=1, max_length=200, description="Only titles with all these words, in any case; all if left out."),
]
DeleteFiles: TypeAlias = Annotated[bool, Field(description="Also delete its files on disk, for good.")]
Monitored: TypeAlias = Annotated[bool, Field(description="Download it when a release of it appears.")]
SearchNow: TypeAlias = Annotated[bool, Field(description="Look at once for what is out already; needs monitored.")]
QualityProfile: TypeAlias = Annotated[
    str | int | None, Field(description="Name or id of a quality profile; the first one if left out.")
]
RootFolder: TypeAlias = Annotated[
    str | int | None, Field(description="Path or id of a root folder; the first that can be reached if left out.")
]
Start: TypeAlias = Annotated[date | None, Field(description="First day, YYYY-MM-DD (UTC); today if left out.")]
End: TypeAlias = Annotated[
    date | None,
    Field(description="Last day, YYYY-MM-DD (UTC), at most 366 days from start; start + 7 days if left out."),
]

LONGEST_PERIOD_DAYS = 366


def period(start: date | None, end: date | None, today: date) -> tuple[date, date]:
    """Return the first and last day a calendar was asked for. Raises RefusedError for one that cannot be."""
    first = start or today
    last = end or first + min(timedelta(days=7), date.max - first)
    if last < first:
        raise RefusedError(f"The end {last} is before the start {first}: exchange them.")
    if (last - first).days > LONGEST_PERIOD_DAYS:
        raise RefusedError(f"{first} to {last} is more than {LONGEST_PERIOD_DAYS} days: ask for a shorter period.")
    return first, last


def matches(term: str, title: str) -> bool:
    """Tell whether every word of `term` occurs in `title`."""
    return all(word in title.casefold() for word in term.casefold().split())
