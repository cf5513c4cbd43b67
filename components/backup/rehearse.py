"""usage: rehearse.py ID

Restores the metadata of a backup into a throwaway server, for the rehearsal of a migration. Prints a line of JSON with the port,
the database and its size once the server is ready, and a line with its new size once standard input has ended.
"""

import json
import sys
import tempfile

import archive
from backup import archive_of, exclusive
from databases import BackupError, connected, contents_of, size_of, throwaway_server
from replacing import restore
from room import THROWAWAY_LOG, check_free

# Port on the loopback interface, which the container of the migration shares.
PORT = 15432
NAME = "rehearsal"
# Bytes that the rehearsal takes, by byte of the metadata; measured: 1.3 for a million task instances, to another major version.
ROOM = 1.5


def measure():
    with connected(NAME) as cursor:
        contents = contents_of(cursor)
        size = size_of(cursor)
    return {"bytes": size, "rows": sum(contents["rows"].values()), "revision": contents["revision"]}


def main(backup_id):
    # Excludes other programs of this container, which share the service file.
    with exclusive(), tempfile.TemporaryDirectory() as folder:
        dumped = archive.unpack(archive_of(backup_id), folder)["databases"]["metadata"]
        # Asks no server, since a rehearsal in a cluster reaches none. The manifest of an earlier release has no size.
        check_free(int(dumped.get("bytes", 0) * ROOM) + THROWAWAY_LOG)
        with throwaway_server([NAME], PORT):
            restore(NAME, f"{folder}/metadata.dump")
            print(json.dumps({"port": PORT, "database": NAME, **measure()}), flush=True)
            sys.stdin.read()
            print(json.dumps(measure()), flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BackupError as error:
        sys.exit(f"rehearsal: {error}")
