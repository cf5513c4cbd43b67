"""Tells the ages of heartbeats and leases, including time for which the machine was suspended, in which a scheduler elsewhere counts on."""

import time


def now():
    """Returns the seconds since the machine's start; unlike those of `time.monotonic`, they include suspensions."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
