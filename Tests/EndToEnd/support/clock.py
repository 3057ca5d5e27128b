"""Times of day that a test depends on."""

from __future__ import annotations

import time


def stay_within_the_hour(seconds: int = 30) -> None:
    """Waits for the next hour when this one ends soon.

    Hours, days, weeks and months of limits all end with an hour of UTC: what a test counts in one
    of them then stays in one of them.
    """
    left = 3600 - time.time() % 3600
    if left < seconds:
        time.sleep(left + 0.1)


def before(hours: int) -> dict[str, str]:
    """The environment of a program whose clock is behind by some hours."""
    library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
    return {"LD_PRELOAD": library, "FAKETIME": f"-{hours}h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
