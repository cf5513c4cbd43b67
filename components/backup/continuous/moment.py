"""usage: moment.py TIME

Makes and proves a backup of the databases as of a moment, given in ISO 8601 with its zone: replays the kept log on the latest base
before that moment.
"""

import json
import sys
import time
from datetime import datetime, timezone

import base
import wal
from backup import SECRETS, archive_of, exclusive, log, make, settings, tell
from databases import BackupError, connected, own_logins, revision_of
from notes import await_fetch, id_of, now
from proof import decrypt_all

# End of Postgres' error if nothing was committed after the wanted moment.
NOT_REACHED = "recovery ended before configured recovery target was reached"
# Seconds until the log of the present is kept.
LOG_TIMEOUT = 120


def base_before(moment):
    """Finds the base from which the log leads to a moment.

    :raises BackupError: with the moments that there are
    """
    if moment > now():
        raise BackupError(f"{moment.isoformat()} is in the future; expected a moment before {now().isoformat()}")
    note = base.before(moment)
    if note:
        return note
    moments = base.reach()
    known = f"a moment from {min(one['from'] for one in moments)} on" if moments else "a base, which is taken within a minute of the deployment"
    raise BackupError(f"nothing leads to {moment.isoformat()}; expected {known}")


def await_log(system, moment):
    """Waits until the log is kept up to a transaction after a moment, at which the recovery can stop.

    :returns: false if the server does not answer, or is another one by now: the log then grows no more, and its end is that moment
    :raises BackupError: if the log ends before
    """
    try:
        present, _ = wal.system_now()
        (at,) = wal.ask("SELECT extract(epoch FROM clock_timestamp())::float8 FROM pg_current_xact_id()") if present == system else (None,)
    except BackupError as error:
        log(f"  {error}")
        at = None
    wanted = at or moment.timestamp()
    end = time.monotonic() + LOG_TIMEOUT
    while (wal.through(system) or 0) < wanted:
        if time.monotonic() > end:
            kept = datetime.fromtimestamp(wal.through(system) or 0, timezone.utc).isoformat()
            raise BackupError(f"the log of the database is kept up to {kept}; expected a moment before that")
        log("  waiting for the log of that moment")
        time.sleep(5)
    return at is not None


def check_keys():
    """Refuses a moment whose values the present stack could not decrypt.

    :raises BackupError: with the way to a stack that can
    """
    secrets = json.loads(SECRETS.read_text())
    # Once previous secrets are dropped, the stack decrypts with its current key alone.
    valid = secrets if secrets["previous"].get("fernetKey") else secrets | {"older": {}}
    try:
        decrypt_all("metadata", valid)
    except BackupError:
        raise BackupError(
            "connections or variables of that moment are encrypted with a fernet key that the stack has replaced since; expected a backup "
            "from before its replacement, into another stack: npm run restore -- --from ID --as NAME"
        ) from None


def facts_of(note, moment):
    """Returns the facts of a manifest: those of the base, unless the schema was migrated since then."""
    with connected("metadata") as cursor:
        is_same = revision_of(cursor) == note["revision"]
    of = note if is_same else settings
    return {"at": moment.isoformat(), "version": of["version"], "images": of["images"]}


def targets(moment, is_growing, note):
    """Returns the targets of the recovery, in their order; None is the end of the log."""
    is_whole = base.is_whole(note, wal.unbroken_since(note["system"]))
    return [moment.isoformat(), *([None] if is_whole and not is_growing else [])]


def make_at(moment):
    note = base_before(moment)
    is_growing = await_log(note["system"], moment)
    for target in targets(moment, is_growing, note):
        log(f"  recovering base {note['id']}" + (f" up to {target}" if target else " up to the end of the log"))
        try:
            with base.recovered(note, base.archive_of(note), target):
                check_keys()
                return make(id_of(moment), own_logins(), facts_of(note, moment))
        except BackupError as error:
            if NOT_REACHED not in str(error):
                raise
    raise BackupError(f"the log since base {note['id']} has a gap before {moment.isoformat()}; expected another moment, or a backup")


def main(text):
    if not settings["continuous"]:
        raise BackupError("backup.continuous is not set; expected airflow:backup: { continuous: true, … }, and npm run up")
    with exclusive():
        note = make_at(datetime.fromisoformat(text).astimezone(timezone.utc))
        await_fetch(archive_of(note["id"]).with_name(f"{note['id']}.json"), note)
    tell(note)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BackupError as error:
        sys.exit(f"Backup failed: {error}")
