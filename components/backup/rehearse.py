"""usage: rehearse.py ID

Restores the metadata of a backup into a throwaway server, for a migration that is only tried. Says as JSON, a line each, when
the server is ready for it, and, once standard input has ended, what became of the database.
"""

import json
import sys
import tempfile

import archive
from backup import alone, archive_of
from databases import Failed, connected, facts, restore, rows_of, throwaway

# Port of the loopback interface of this container, which the container of the migration shares.
PORT = 15432
NAME = "rehearsal"


def look():
    with connected(NAME) as cursor:
        found = facts(cursor)
        ((size,),) = rows_of(cursor, "SELECT pg_database_size(current_database())")
    return {"bytes": size, "rows": sum(found["rows"].values()), "revision": found["revision"]}


def main(known):
    # The databases that are known in this container are those of one program at a time.
    with alone(), tempfile.TemporaryDirectory() as folder:
        archive.unpack(archive_of(known), folder)
        with throwaway([NAME], PORT):
            restore(NAME, f"{folder}/metadata.dump")
            print(json.dumps({"port": PORT, "database": NAME, **look()}), flush=True)
            sys.stdin.read()
            print(json.dumps(look()), flush=True)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Failed as error:
        sys.exit(f"rehearsal: {error}")
