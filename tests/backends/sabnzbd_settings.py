"""Settings of the stub of SABnzbd: what it makes of values that do not fit, without a word."""

from typing import Any

_Value = int | str | list[str]
Section = dict[str, Any]

# Keyword, value, and of numbers the least and the most. `bool`: a switch, which only a number turns on.
_LIMITS: dict[str, tuple[int, int]] = {"bandwidth_perc": (0, 100), "refresh_rate": (-(10**9), 10**9)}
_SWITCHES = {"enable_unrar", "enable_https"}
_FOLDERS = {"complete_dir", "download_dir"}
_CATEGORY = {"pp": "", "script": "Default", "dir": "", "newzbin": "", "priority": -100}


class SabnzbdSettings:
    """Sections `misc` (a part of the real one), `categories` and `servers`."""

    def __init__(self, api_key: str, nzb_key: str) -> None:
        self._misc: dict[str, _Value] = {
            "bandwidth_perc": 100,
            "bandwidth_max": "",
            "refresh_rate": 0,
            "download_dir": "Downloads/incomplete",
            "complete_dir": "Downloads/complete",
            "enable_unrar": 1,
            "enable_https": 0,
            "cleanup_list": [],
            "username": "",
            "password": "",
            "email_pwd": "",
            "api_key": api_key,
            "nzb_key": nzb_key,
        }
        self._defaults = dict(self._misc)
        names = ("*", "movies", "tv", "audio", "software")
        self._categories = {
            name: {
                "name": name,
                "order": order,
                **_CATEGORY,
                **({"pp": "3", "script": "None", "priority": 0} if name == "*" else {}),
            }
            for order, name in enumerate(names)
        }

    @property
    def categories(self) -> list[str]:
        """Their names, in order."""
        return list(self._categories)

    def read(self, section: str, keyword: str) -> Section:
        """Return a section, or of it one entry; what is unknown is empty, and no error."""
        match section, keyword:
            case "misc", "":
                return {"misc": dict(self._misc)}
            case "misc", _ if keyword in self._misc:
                return {"misc": {keyword: self._misc[keyword]}}
            case "categories", "":
                return {"categories": list(self._categories.values())}
            case "categories", _ if keyword in self._categories:
                return {"categories": [self._categories[keyword]]}
            case "servers", "":
                return {"servers": []}
            case _:
                return {}

    def write(self, params: dict[str, str]) -> Section | None:
        """Set what `params` name, and return what holds then; None if there is no such setting."""
        section, keyword = params.get("section", ""), params.get("keyword", "")
        if section == "categories":
            keyword = (keyword or params.get("name", "")).lower()
            made = self._categories.setdefault(keyword, {"name": keyword, "order": 0, **_CATEGORY})
            made.update({name: params[name] for name in ("pp", "script", "dir", "newzbin") if name in params})
            return self.read(section, keyword)
        if section != "misc" or keyword not in self._misc:
            return None
        if "value" in params:
            self._misc[keyword] = self._fitted(keyword, params["value"])
        return self.read(section, keyword)

    def _fitted(self, keyword: str, text: str) -> _Value:
        old = self._misc[keyword]
        if keyword in _SWITCHES:
            return text.lstrip("-").isdecimal() and int(text) != 0  # "true" turns it off.
        if keyword in _FOLDERS:
            return old if text.startswith("/proc/") else text  # What cannot be made stays as it is.
        if isinstance(old, list):
            return [word.strip() for word in text.split(",") if word.strip()]
        if isinstance(old, int):
            least, most = _LIMITS[keyword]
            number = int(text) if text.lstrip("-").isdecimal() else self._defaults[keyword]
            assert isinstance(number, int)
            return min(max(number, least), most)
        return text
