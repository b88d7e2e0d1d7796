"""What stands in PlexStub's libraries at its start: little, but of every kind that makes trouble."""

from tests.backends.plex_library import DAY, MINUTE, MOVIES, MUSIC, PHOTOS, Library


def stock(library: Library) -> None:
    """Fill new libraries."""
    _movies(library)
    _shows(library)
    _music(library)
    _photos(library)


def fill(library: Library, number: int, section_id: int = MOVIES) -> None:
    """Add many films, as alike as they come."""
    for index in range(1, number + 1):
        library.film(
            section_id,
            f"Newsreel {index:05}",
            1900 + index % 120,
            duration=10 * MINUTE,
            summary="What the world saw this week.",
        )


def _movies(library: Library) -> None:
    metropolis = library.film(
        MOVIES,
        "Metropolis",
        1927,
        duration=153 * MINUTE,
        summary="A city of the future, above and below the ground. " * 12,
        studio="UFA",
        contentRating="NR",
        rating=9.7,
        audienceRating=9.2,
        originallyAvailableAt="1927-01-10",
        tags=library.tags(
            Genre=("Science Fiction", "Drama"),
            Director=("Fritz Lang",),
            Country=("Germany",),
            Role=("Brigitte Helm", "Gustav Fröhlich"),
        ),
        guids=("imdb://tt0017136", "tmdb://19"),
        resolutions=("1080", "sd"),
        files=("/media/movies/Metropolis (1927)/restored.mkv", "/media/movies/Metropolis (1927)/giorgio.avi"),
    )
    metropolis.view_count, metropolis.last_viewed_at = 1, library.now - 40 * DAY
    nosferatu = library.film(
        MOVIES,
        "Nosferatu",
        1922,
        duration=94 * MINUTE,
        summary="A count buys a house.",
        tags=library.tags(Genre=("Horror",)),
    )
    nosferatu.view_count, nosferatu.last_viewed_at = 2, library.now - 9 * DAY
    general = library.film(
        MOVIES,
        "The General",
        1926,
        duration=78 * MINUTE,
        tags=library.tags(Genre=("Comedy",), Director=("Buster Keaton",)),
    )
    general.view_offset, general.last_viewed_at = 31 * MINUTE, library.now - 2 * DAY
    library.film(MOVIES, "Häxan", 1922, duration=105 * MINUTE, tags=library.tags(Genre=("Horror", "Documentary")))
    library.film(
        MOVIES, "東京物語", 1953, originalTitle="Tokyo Story", duration=136 * MINUTE, titleSort="Tokyo monogatari"
    )
    library.film(MOVIES, 'Cops & "Robbers" <uncut> 🎬', 1921, duration=18 * MINUTE)
    library.film(  # In two files that play as one.
        MOVIES,
        "Les Vampires",
        1915,
        duration=417 * MINUTE,
        resolutions=("480",),
        files=("/media/movies/Les Vampires/cd1.mkv", "/media/movies/Les Vampires/cd2.mkv"),
    )
    # Not matched with anything, and not analysed yet: no year, no duration, no summary, a guid that means nothing.
    library.film(MOVIES, "holiday_final_FINAL", guid="local://108", files=("/media/movies/holiday_final_FINAL.mov",))
    nameless = library.film(MOVIES, "VTS_01_1", files=("/media/movies/VTS_01_1.VOB",))
    del nameless.facts["guid"]


def _shows(library: Library) -> None:
    flash = library.series(
        "Flash Gordon", 1936, ((1, 13),), tags=library.tags(Genre=("Science Fiction",)), studio="Universal"
    )
    for number, episode in enumerate(flash.leaves()):
        if number < 3:
            episode.view_count, episode.last_viewed_at = 1, library.now - (5 - number) * DAY
    library.series(
        "Les Misérables",
        1925,
        ((0, 2), (1, 4), (2, 3)),
        summary="The serial, in four epochs.",
        tags=library.tags(Genre=("Drama",)),
    )
    begun = library.series("Judex", 1916, ((1, 12),))
    first = next(begun.leaves())
    first.view_offset, first.last_viewed_at = 7 * MINUTE, library.now - DAY
    unmatched = library.series("Taped off TV", None, ((1, 1),), guid="local://200")
    tape = next(unmatched.leaves())
    tape.title, tape.files = "2004-03-02 20 15 00", ("/media/tv/Taped off TV/2004-03-02.ts",)
    for unknown in ("duration", "originallyAvailableAt", "index"):
        del tape.facts[unknown]


def _music(library: Library) -> None:
    bach = library.add(MUSIC, "artist", "Johann Sebastian Bach", tags=library.tags(Genre=("Baroque",)))
    album = library.add(MUSIC, "album", "Goldberg-Variationen", parent=bach, index=1, year=1741)
    for index, title in enumerate(("Aria", "Variatio 1", "Variatio 2", "Variatio 3"), 1):
        library.add(
            MUSIC, "track", title, parent=album, index=index, duration=2 * MINUTE, files=(f"/media/music/{index}.flac",)
        )
    bootleg = library.add(MUSIC, "artist", "[Unknown Artist]", guid="local://300")
    library.add(MUSIC, "album", "[Unknown Album]", parent=bootleg, index=1, guid="local://301")


def _photos(library: Library) -> None:
    oslo = library.add(PHOTOS, "photoalbum", "Oslo in Winter", guid=f"local://{400}")
    for number in range(1, 4):
        library.add(
            PHOTOS,
            "photo",
            f"IMG_{number:04}",
            parent=oslo,
            index=number,
            guid=f"local://40{number}",
            originallyAvailableAt="2019-02-03",
            files=(f"/media/photos/Oslo in Winter/IMG_{number:04}.jpg",),
        )
