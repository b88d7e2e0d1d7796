"""What the simulated libraries are made of: films in the public domain, serials and series that never were."""

from typing import NamedTuple


class Film(NamedTuple):
    """A film. The simulated TMDb ids are invented: 900001 upwards, in this order."""

    title: str
    year: int
    minutes: int


class Show(NamedTuple):
    """A series; `weekly`: its last season is being broadcast now. The simulated TVDB ids start at 700001."""

    title: str
    year: int
    minutes: int
    seasons: int
    episodes: int  # A season.
    overview: str
    weekly: bool = False


FILMS = (
    Film("A Trip to the Moon", 1902, 13),
    Film("The Great Train Robbery", 1903, 12),
    Film("Cabiria", 1914, 148),
    Film("The Cabinet of Dr. Caligari", 1920, 77),
    Film("The Golem: How He Came into the World", 1920, 86),
    Film("The Mark of Zorro", 1920, 79),
    Film("The Kid", 1921, 68),
    Film("The Phantom Carriage", 1921, 107),
    Film("Destiny", 1921, 98),
    Film("Nosferatu", 1922, 94),
    Film("Häxan", 1922, 105),
    Film("Nanook of the North", 1922, 79),
    Film("Dr. Mabuse the Gambler", 1922, 270),
    Film("Safety Last!", 1923, 73),
    Film("The Hunchback of Notre Dame", 1923, 133),
    Film("Our Hospitality", 1923, 73),
    Film("Sherlock Jr.", 1924, 45),
    Film("The Last Laugh", 1924, 90),
    Film("The Thief of Bagdad", 1924, 155),
    Film("The Gold Rush", 1925, 95),
    Film("Battleship Potemkin", 1925, 75),
    Film("The Lost World", 1925, 106),
    Film("The Phantom of the Opera", 1925, 107),
    Film("The Adventures of Prince Achmed", 1926, 66),
    Film("The General", 1926, 78),
    Film("Faust", 1926, 107),
    Film("Metropolis", 1927, 153),
    Film("Sunrise: A Song of Two Humans", 1927, 94),
    Film("Wings", 1927, 144),
    Film("The Passion of Joan of Arc", 1928, 82),
    Film("Steamboat Bill, Jr.", 1928, 71),
    Film("The Circus", 1928, 72),
    Film("Man with a Movie Camera", 1929, 68),
    Film("Pandora's Box", 1929, 133),
    Film("His Girl Friday", 1940, 92),
    Film("Detour", 1945, 68),
    Film("D.O.A.", 1950, 83),
    Film("House on Haunted Hill", 1959, 75),
    Film("Charade", 1963, 113),
    Film("Night of the Living Dead", 1968, 96),
)

SHOWS = (
    Show("Tidewatch", 2021, 45, 3, 10, "A lifeboat crew on a coast that is moving inland.", weekly=True),
    Show("Slow Trains of the North", 2018, 52, 2, 8, "Every stop of five branch lines."),
    Show("The Cartographers' Guild", 2019, 50, 3, 10, "Mapmakers find a street that no survey knows.", weekly=True),
    Show("Night Shift at the Observatory", 2022, 28, 2, 12, "Astronomers, clouds and a coffee machine.", weekly=True),
    Show("Kitchen Garden Almanac", 2016, 25, 4, 6, "What to sow, what to eat, week by week."),
    Show("The Clockmaker's Apprentice", 2020, 42, 1, 8, "A town where every clock tells another time."),
    Show("Signal Box 9", 2023, 55, 1, 10, "A crime in a signal box, seen by nobody but its logbook.", weekly=True),
    Show("Ferrymen", 2017, 40, 2, 6, "Two rival crews share one river."),
    Show("The Ledger of Lost Letters", 2024, 48, 1, 8, "A post office delivers what was mislaid."),
    Show("Peat and Stone", 2015, 58, 2, 4, "How walls, roofs and paths were made."),
)


def release_name(title: str, tail: str) -> str:
    """Write a title the way releases are named: words joined by dots."""
    kept = "".join(letter for letter in title if letter.isalnum() or letter in " -")
    return f"{'.'.join(kept.split())}.{tail}"
