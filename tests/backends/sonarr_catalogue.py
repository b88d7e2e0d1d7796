"""All series there are, for a Sonarr in tests: with dates and without, in many alphabets, gone and to come."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

LONG = "Two sisters keep the light on a rock that no map shows, and every ship that passes owes them a story. " * 60


@dataclass(frozen=True, kw_only=True)
class Airing:
    """An episode, as the catalogue knows it."""

    season: int
    number: int
    title: str
    air_at: datetime | None
    overview: str | None


@dataclass(frozen=True, kw_only=True)
class Show:
    """A series, as the catalogue knows it. `seasons`: numbers of episodes by season; weekly from the premiere.

    The last `undated` episodes of the last season, and all specials, have no date.
    """

    tvdb_id: int
    title: str
    year: int = 0
    status: str = "continuing"
    overview: str | None = None
    network: str | None = None
    runtime: int = 0
    premiere: datetime | None = None
    seasons: tuple[tuple[int, int], ...] = ()
    undated: int = 0
    genres: tuple[str, ...] = ()

    def airings(self) -> Iterator[Airing]:
        """Return its episodes in order."""
        last = self.seasons[-1][0] if self.seasons else 0
        for season, episodes in self.seasons:
            for number in range(1, episodes + 1):
                is_dated = self.premiere and season and not (season == last and number > episodes - self.undated)
                weeks = timedelta(weeks=(season - 1) * 52 + number - 1)
                yield Airing(
                    season=season,
                    number=number,
                    title=f"Chapter {season}.{number}" if is_dated else "TBA",
                    air_at=self.premiere + weeks if self.premiere and is_dated else None,
                    overview=LONG if season == 1 and number == 1 else None,
                )


def shows(now: datetime) -> list[Show]:
    """Return the catalogue, as it is at `now`. The first four are in the library at first."""
    evening = now.replace(hour=20, minute=0, second=0)
    return [
        Show(
            tvdb_id=300101,
            title="The Lantern Keepers",
            year=2019,
            status="ended",
            overview=LONG,
            network="Channel 9",
            runtime=50,
            premiere=evening - timedelta(days=1900),
            seasons=((0, 2), (1, 3), (2, 3)),
            genres=("Drama", "Mystery"),
        ),
        Show(
            tvdb_id=300102,
            title="Größenwahn & Söhne: Ω",
            year=now.year,
            overview="Ein Dorf baut einen Turm.",
            network="ZDFneo",
            runtime=45,
            premiere=evening - timedelta(weeks=3, days=2),
            seasons=((1, 8),),
            undated=2,
            genres=("Comedy",),
        ),
        Show(tvdb_id=300103, title="東京ミッドナイト・カフェ", status="upcoming", seasons=((1, 1),), undated=1),
        Show(
            tvdb_id=300104,
            title="Removed From Everywhere",
            year=2003,
            status="deleted",
            network="Channel 9",
            runtime=25,
            premiere=evening - timedelta(days=8000),
            seasons=((1, 2),),
        ),
        Show(
            tvdb_id=300201,
            title="Tidewater Patrol",
            year=2021,
            status="ended",
            overview="A harbour and those who watch it.",
            network="Channel 9",
            runtime=42,
            premiere=evening - timedelta(days=1200),
            seasons=((0, 1), (1, 2), (2, 2)),
            genres=("Crime",),
        ),
        Show(
            tvdb_id=300202,
            title="Tidewater Patrol: Los Niños",
            year=now.year + 1,
            status="upcoming",
            overview=LONG,
            network="Channel 9",
            seasons=((1, 4),),
            undated=4,
        ),
        Show(tvdb_id=300203, title="Tidewater"),
    ]


def some_show(number: int, now: datetime) -> Show:
    """Make one of thousands of series."""
    return Show(
        tvdb_id=1_000_000 + number,
        title=f"Series No. {number:05}",
        year=1990 + number % 30,
        status="ended",
        overview=LONG[:600],
        network="Channel 9",
        runtime=30,
        premiere=now - timedelta(days=3000 + number % 1000),
        seasons=((1, 3),),
    )
