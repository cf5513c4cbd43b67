"""Mends four faults of Celery's pool of processes, in a worker, and saves memory.

- The loss of the broker makes the pool forget which processes are busy. A task that came afterwards could wait for the end of the task
  that its process was running, however long, while other processes had nothing to do. Celery 5.6 has this fault.
- When the worker stops, it may wait for a process that still writes a result, which nobody reads: the exception of a task is larger
  than a pipe. The worker then stayed until it was killed, at the end of its grace.
- A process that ends is mostly replaced after 5 s only: the pool hears of the end before the system tells the exit status, and goes on.
- A process that is forked while a thread of the worker imports a module, as its log server does at the first request, waits forever for
  the end of that import once a task imports the module, too: the thread is not in the process.

A process copies 31 MiB of what it shares with its worker at its first task, and the worker some, so a worker without tasks replaces the
processes.
"""

import functools
import os
import signal
import sys
from contextlib import suppress
from importlib import _bootstrap
from threading import get_ident
from time import monotonic

from billiard.pool import RUN
from celery import signals
from celery.concurrency.asynpool import AsynPool

# Seconds between two looks whether a process has ended.
INTERVAL = 0.1
# Seconds without a task after which a worker replaces its processes, and between two times that it begins to.
QUIET, PAUSE = 10, 300
# Seconds in which a process without a task ends when it is asked to; it needs some hundredths.
END = 10


def forget_imports():
    """Lets a forked process import itself what other threads were importing at the fork."""
    for module, reference in list(getattr(_bootstrap, "_module_locks", {}).items()):
        lock = reference()
        if lock and lock.owner not in (None, get_ident()):
            del _bootstrap._module_locks[module]
            sys.modules.pop(module, None)


def stay_busy(flush):
    """Makes the pool remember its busy processes; each is marked as idle once its result has come."""

    @functools.wraps(flush)
    def flushing(pool):
        busy = set(pool._busy_workers)
        flush(pool)
        # A process that has ended has no queue any more.
        pool._busy_workers.update(busy & pool._all_inqueues)

    return flushing


def read_until_end(process, receive, timeout=None):
    """Passes on what a process writes until it ends, in the place of its `join`."""
    reader = process.outq._reader
    try:
        os.set_blocking(reader.fileno(), True)
        while process.is_alive():
            if reader.poll(INTERVAL):
                receive(reader.recv())
    except (OSError, EOFError):
        # The process has closed its end.
        pass
    type(process).join(process, timeout)


def read_while_joining(join):
    @functools.wraps(join)
    def joining(pool):
        for process in pool._pool:
            process.join = functools.partial(read_until_end, process, pool._result_handler.on_state_change)
        join(pool)

    return joining


def once_ended(notice):
    """Lets the pool wait until a process has an exit status, which is a matter of milliseconds."""

    @functools.wraps(notice)
    def noticing(pool, hub, process):
        process.join(INTERVAL)
        notice(pool, hub, process)

    return noticing


class Renewal:
    """Replaces all processes by fresh ones, one after the other, once some have run a task and while the worker has no task at all."""

    def __init__(self):
        self.done = {}
        self.since = monotonic()
        self.begun = -PAUSE
        self.old = set()
        self.ending = None
        self.asked = 0

    def look(self, pool):
        """Notes whether the pool has tasks, and lets a process end if it has had none for a while; the pool itself starts another one."""
        now = monotonic()
        done = {pid: counter.value for pid, counter in pool._on_ready_counters.items()}
        # A process may run a task that the pool has forgotten, since it lost the broker.
        if pool._cache or pool._busy_workers or any(count > self.done.get(pid, 0) for pid, count in done.items()):
            self.since = now
        self.done = done
        if self.ending in pool._pool:
            if now - self.asked > END:
                os.kill(self.ending.pid, signal.SIGKILL)
        elif pool._state == RUN and now - self.since >= QUIET:
            if any(done.values()) and now - self.begun >= PAUSE:
                self.begun, self.old = now, set(done)
            # A process that is starting has no queue yet.
            old = (process for process in pool._pool if process.pid in self.old and process.inqW_fd in pool._all_inqueues)
            self.ending = next(old, None)
            if self.ending:
                self.asked = now
                self.end(pool)

    def end(self, pool):
        # Keeps the pool from giving it a task, and from reporting its end as a fault.
        pool._all_inqueues.discard(self.ending.inqW_fd)
        self.ending._controlled_termination = True
        # A process that has just died is replaced all the same.
        with suppress(OSError):
            self.ending.inq.put(None)


def renewing(maintain, renewal):
    @functools.wraps(maintain)
    def maintaining(pool):
        maintain(pool)
        renewal.look(pool)

    return maintaining


@signals.celeryd_init.connect
def install(**_):
    os.register_at_fork(after_in_child=forget_imports)
    AsynPool._event_process_exit = once_ended(AsynPool._event_process_exit)
    AsynPool.maintain_pool = renewing(AsynPool.maintain_pool, Renewal())
    AsynPool.flush = stay_busy(AsynPool.flush)
    AsynPool.join = read_while_joining(AsynPool.join)
