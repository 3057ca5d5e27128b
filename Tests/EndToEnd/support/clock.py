"""Times of day that a test depends on."""

from __future__ import annotations

import platform
import time


def stay_within_the_hour(seconds: int = 30) -> None:
    """Waits for the next hour when this one ends soon.

    Hours, days, weeks and months of limits all end with an hour of UTC: what a test counts in one
    of them then stays in one of them.
    """
    left = 3600 - time.time() % 3600
    if left < seconds:
        time.sleep(left + 0.1)


def behind(hours: int) -> dict:
    """How a server is made whose clock is behind by some hours."""
    library = f"/usr/lib/{platform.machine()}-linux-gnu/faketime/libfaketime.so.1"
    environment = {"LD_PRELOAD": library, "FAKETIME": f"-{hours}h"}
    # The library adds to the environment of the first program that it is in, behind which Swift then
    # looks for its arguments in vain; so that is another program, which becomes the server.
    return {"environment": environment | {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}, "through": ["env"]}
