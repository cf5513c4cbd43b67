"""Tells the times of heartbeats and leases, by clocks that no step of the time of day changes."""

import os
import time

# Clock of the leases. A suspension counts unless all schedulers, on the same machine, are suspended too.
LEASE = time.CLOCK_MONOTONIC if "AIRFLOW_ON_ONE_MACHINE" in os.environ else time.CLOCK_BOOTTIME


def now():
    """Returns the seconds since the machine's start, with those for which it was suspended, since the time of day goes on meanwhile."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def lease():
    """Returns the seconds by which leases count."""
    return time.clock_gettime(LEASE)
