"""How long to wait before the next try: one pure function."""


def backoff_s(repeats: int, *, base_s: float, cap_s: float, jitter: float) -> float:
    """Seconds before the next try after `repeats` earlier waits (0 is the first wait). `jitter` in [0, 1): ±20 %."""
    return min(base_s * 2.0 ** min(repeats, 64), cap_s) * (0.8 + 0.4 * jitter)
