"""Which of SABnzbd's settings an agent may see and change, and how a value is told. Used by `api`.

Lists of what is allowed, not of what is forbidden: what a later version adds, a secret or a program to run, is kept
out until somebody has thought about it. Left out on purpose:

* secrets: keys, passwords, accounts, addresses of mail and of notifications, the news servers;
* who may reach SABnzbd and how: host, port, HTTPS, the API's own switches, the list of trusted names;
* what makes SABnzbd run a program or read templates: scripts, their folder, par2 and nice options, schedules;
* folders: Sonarr and Radarr look there for what was downloaded, and a file that lands in a folder of programs or of
  keys becomes one. A category's folder may be changed within the folder of completed downloads.
"""

from typing import Final

from media_servers.sabnzbd.backend import Value


def _names(*lines: str) -> frozenset[str]:
    return frozenset(name for line in lines for name in line.split())


CHANGEABLE: Final = _names(
    # Speed, memory, disk.
    "bandwidth_max bandwidth_perc cache_limit download_free complete_free fulldisk_autoresume quota_size quota_day",
    "quota_period quota_resume receive_threads num_simd_decoders downloader_sleep_time",
    # The queue and what comes into it.
    "top_only auto_sort auto_disconnect propagation_delay pre_check fail_hopeless_jobs fast_fail load_balancing",
    "max_art_tries req_completion_rate no_penalties start_paused preserve_paused_state pause_on_post_processing",
    "no_dupes no_series_dupes no_smart_dupes series_propercheck dupes_propercheck warn_dupl_jobs",
    "backup_for_duplicates size_limit max_url_retries dirscan_speed rss_rate wait_for_dfolder",
    # What is done with a download that is complete.
    "direct_unpack direct_unpack_threads pause_on_pwrar sfv_check quick_check_ext_ignore enable_all_par",
    "enable_par_cleanup process_unpacked_par2 enable_unrar enable_unzip enable_7zip enable_filejoin enable_tsjoin",
    "enable_recursive ignore_unrar_dates safe_postproc empty_postproc ignore_samples",
    "deobfuscate_final_filenames folder_rename replace_spaces replace_underscores replace_dots replace_illegal",
    "sanitize_safe max_foldername_length movie_rename_limit episode_rename_limit new_nzb_on_failure",
    # The history.
    "history_retention history_retention_option history_retention_number disable_archive history_limit",
    # The program.
    "language refresh_rate check_new_rel keep_awake",
)
SHOWN: Final = CHANGEABLE | _names(
    "download_dir complete_dir dirscan_dir nzb_backup_dir permissions cleanup_list unwanted_extensions",
    "unwanted_extensions_mode action_on_unwanted_extensions flat_unpack overwrite_files pre_script script_can_fail",
)


def in_order(previous: Value, value: Value) -> bool:
    """Tell whether `value` is of a kind that can follow `previous`.

    SABnzbd itself would take a number it cannot read for the default, and say nothing.
    """
    match previous:
        case bool() | int():
            return isinstance(value, bool | int) or (isinstance(value, str) and value.strip("+-").isdecimal())
        case float():
            return isinstance(value, int | float)
        case list():
            return isinstance(value, str | list)
        case str():
            return isinstance(value, str | int | float)


def kind_of(value: Value) -> str:
    """Name the kind of a value, for the remedy."""
    match value:
        case bool() | int():
            return "a whole number (a switch: 0 or 1)"
        case float():
            return "a number"
        case list():
            return "a list of texts"
        case str():
            return "a text"


def as_field(value: Value) -> str:
    """Write a value as SABnzbd reads it from a form."""
    match value:
        case bool():
            return str(int(value))
        case list():
            return ",".join(value)
        case _:
            return str(value)


def is_plain(value: Value) -> bool:
    """Tell whether a value has printable characters only: a line break, say, is none for a file of settings."""
    texts = value if isinstance(value, list) else [value]
    return all(text.isprintable() for text in texts if isinstance(text, str))


def stays_inside(folder: str) -> bool:
    """Tell whether a category's folder lies within the folder of completed downloads, each download in one of its own.

    SABnzbd drops blanks around a path before it looks whether it is absolute. A star at the end would have it make no
    folder for the download.
    """
    path = folder.strip().replace("\\", "/")
    climbs = any(part.strip() == ".." for part in path.split("/"))
    return not (path.startswith(("/", "~")) or ":" in path or climbs or "*" in path)
