"""Tells the times of heartbeats and leases, by clocks that no step of the time of day changes."""

import time

from airflow_on_celery.timings import SCHEDULED_ELSEWHERE


def now():
    """Returns the seconds since the machine's start, with those for which it was suspended, since the time of day goes on meanwhile."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def lease():
    """Returns the seconds by which leases count: with those of suspensions only where a scheduler may count on, on another machine."""
    return now() if SCHEDULED_ELSEWHERE else time.monotonic()
