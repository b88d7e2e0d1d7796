"""What adding to Sonarr or Radarr needs: a quality profile and a root folder, chosen by name or id."""

from typing import NamedTuple

from media_servers.errors import RefusedError
from media_servers.servarr import MOST_NAMED, NotOfferedError, Servarr
from media_servers.servarr_resources import Named, Root, readable


class Choice(NamedTuple):
    """What was chosen. None: it is up to the application, which lists none."""

    profile: Named | None
    root: Root | None

    @property
    def quality_profile(self) -> str | None:
        """What the profile is called."""
        return None if self.profile is None else self.profile.name or str(self.profile.id)

    @property
    def root_folder(self) -> str | None:
        """Where the folder is."""
        return None if self.root is None else self.root.path

    def fields(self) -> dict[str, object]:
        """Return what tells the application."""
        fields = {"qualityProfileId": self.profile and self.profile.id, "rootFolderPath": self.root_folder}
        return {name: value for name, value in fields.items() if value is not None}


def choose(servarr: Servarr, quality_profile: str | int | None, root_folder: str | int | None) -> Choice:
    """Choose both. Raises BackendError."""
    return Choice(choose_profile(servarr, quality_profile), choose_root(servarr, root_folder))


def choose_profile(servarr: Servarr, wanted: str | int | None) -> Named | None:
    """Choose a quality profile; the first without name or id."""
    try:
        profiles, _ = readable(Named, servarr.listed("/qualityprofile"))
    except NotOfferedError:
        if wanted is None or str(wanted).isdecimal():
            return None if wanted is None else Named(id=int(wanted))
        raise
    if not profiles:
        raise RefusedError(f"{servarr.title} has no quality profile: add one there, under Settings > Profiles.")
    if wanted is None:
        return profiles[0]
    called = str(wanted).strip().casefold()
    by_name = [profile for profile in profiles if profile.name.casefold() == called]
    for profile in by_name + [profile for profile in profiles if str(profile.id) == called]:
        return profile
    there_are = _named([f'"{profile.name}" ({profile.id})' for profile in profiles])
    raise RefusedError(f"{servarr.title} has no quality profile {str(wanted)!r:.80}: choose one of {there_are}.")


def choose_root(servarr: Servarr, wanted: str | int | None) -> Root | None:
    """Choose a root folder; without path or id the first that can be reached."""
    try:
        roots, _ = readable(Root, servarr.listed("/rootfolder"))
    except NotOfferedError:
        if wanted is None or not str(wanted).isdecimal():
            return None if wanted is None else Root(id=0, path=str(wanted))
        raise
    if not roots:
        raise RefusedError(f"{servarr.title} has no root folder: add one there, under Settings > Media Management.")
    reached = [root for root in roots if root.accessible is not False]
    if wanted is None:
        candidates = roots
    else:
        called = str(wanted).strip().rstrip("/\\")
        candidates = [root for root in roots if called in {root.path.rstrip("/\\"), str(root.id)}]
    for root in candidates:
        if root in reached:
            return root
    there_are = _named([f"{root.path} ({root.id})" for root in roots])
    if candidates:
        raise RefusedError(
            f"{servarr.title} cannot reach its root folder {candidates[0].path}: mount it or correct its rights; "
            f"there are {there_are}."
        )
    raise RefusedError(f"{servarr.title} has no root folder {str(wanted)!r:.80}: choose one of {there_are}.")


def _named(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
