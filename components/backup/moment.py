"""usage: moment.py TIME

Makes and proves a backup of the databases as of a moment, given in ISO 8601 with its zone: replays the kept log on the latest base
before that moment.
"""

import sys
import time
from datetime import datetime, timezone

import base
import wal
from backup import exclusive, id_of, log, make, now, settings, tell
from databases import BackupError, connected, own_logins, revision_of

# End of Postgres' error if nothing was committed after the wanted moment.
NOT_REACHED = "recovery ended before configured recovery target was reached"
# Seconds until the log of the present is kept.
LOG_TIMEOUT = 120


def base_before(moment):
    """Finds the base that leads to a moment.

    :raises BackupError: with the moments that there are
    """
    if moment > now():
        raise BackupError(f"{moment.isoformat()} is in the future; expected a moment before {now().isoformat()}")
    note = base.leading_to(moment)
    if note:
        return note
    moments = base.reach()
    known = f"a moment from {moments['from']} on" if moments else "a base, which is taken within a minute of the deployment"
    raise BackupError(f"nothing leads to {moment.isoformat()}; expected {known}")


def await_log(system, moment):
    """Waits until the log is kept up to a moment.

    :raises BackupError: if the log ends before
    """
    end = time.monotonic() + LOG_TIMEOUT
    while (wal.through(system) or 0) < moment.timestamp():
        if time.monotonic() > end:
            kept = datetime.fromtimestamp(wal.through(system) or 0, timezone.utc).isoformat()
            raise BackupError(f"the log of the database is kept up to {kept}; expected a moment before that")
        log("  waiting for the log of that moment")
        time.sleep(5)


def facts_of(note, moment):
    """Returns the facts of a manifest: those of the base, unless the schema was migrated since then."""
    with connected("metadata") as cursor:
        is_same = revision_of(cursor) == note["revision"]
    of = note if is_same else settings
    return {"at": moment.isoformat(), "version": of["version"], "images": of["images"]}


def make_at(moment):
    note = base_before(moment)
    await_log(note["system"], moment)
    # The log may have no transaction after the moment; then its end is that moment.
    for target in (moment.isoformat(), None):
        log(f"  recovering base {note['id']}" + (f" up to {target}" if target else " up to the end of the log"))
        try:
            with base.recovered(note, base.archive_of(note), target):
                return make(id_of(moment), own_logins(), facts_of(note, moment))
        except BackupError as error:
            if target is None or NOT_REACHED not in str(error):
                raise


def main(text):
    if not settings["continuous"]:
        raise BackupError("backup.continuous is not set; expected airflow:backup: { continuous: true, … }, and npm run up")
    with exclusive():
        tell(make_at(datetime.fromisoformat(text).astimezone(timezone.utc)))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BackupError as error:
        sys.exit(f"Backup failed: {error}")
