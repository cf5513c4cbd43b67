"""Checks the programs of backups without a database: what is kept, compared and refused."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import time
from datetime import datetime
from types import ModuleType, SimpleNamespace

here = pathlib.Path(__file__).resolve()
programs = here.parents[3] / "components/backup"
folder = pathlib.Path(tempfile.mkdtemp())
# Programs read their settings from the file beside them.
for program in programs.glob("*.py"):
    (folder / program.name).write_text(program.read_text())
(folder / "settings.json").write_text(json.dumps({"every": 3600, "keep": 2, "continuous": True}))
sys.path.insert(0, str(folder))
extensions = ModuleType("psycopg2.extensions")
extensions.parse_dsn = dict
sys.modules |= {"psycopg2": ModuleType("psycopg2"), "psycopg2.extensions": extensions}
fernet = SimpleNamespace(Fernet=str, InvalidToken=ValueError, MultiFernet=list)
sys.modules |= {"cryptography": ModuleType("cryptography"), "cryptography.fernet": fernet}

import archive  # noqa: E402
import backup  # noqa: E402
import base  # noqa: E402
import databases  # noqa: E402
import progress  # noqa: E402
import proof  # noqa: E402
import wal  # noqa: E402


def fault_of(call, *arguments):
    try:
        call(*arguments)
    except databases.BackupError as error:
        return str(error)
    return None


def keeps_the_latest():
    backup.STORE = folder / "store"
    backup.STORE.mkdir()
    for known in ("20260101T000000Z", "20260103T000000Z", "20260102T000000Z", "20260104T000000Z"):
        (backup.STORE / f"{known}.json").write_text(json.dumps({"id": known}))
        if known != "20260104T000000Z":
            backup.archive_of(known).touch()
    # A note without its archive is no backup.
    assert [note["id"][:8] for note in backup.backups()] == ["20260103", "20260102", "20260101"]
    backup.remove_old()
    assert [note["id"][:8] for note in backup.backups()] == ["20260103", "20260102"]
    assert not backup.archive_of("20260101T000000Z").exists()


def refuses_a_changed_file():
    contents = folder / "contents"
    contents.mkdir()
    (contents / "metadata.dump").write_text("rows")
    archive.write_manifest(contents, {"id": "1"})
    assert archive.read_manifest(contents)["files"]["metadata.dump"]["bytes"] == 4
    (contents / "metadata.dump").write_text("rowz")
    assert fault_of(archive.read_manifest, contents).startswith("metadata.dump is missing, or its checksum differs from")


def compares_rows_and_revision():
    known = {"revision": "a1", "rows": {"public.dag": 3, "public.log": 9}}
    assert fault_of(proof.compare, "metadata", known, known) is None
    fewer = known | {"rows": {"public.dag": 3, "public.log": 8}}
    assert fault_of(proof.compare, "metadata", fewer, known) == "metadata: restored 8 rows of public.log, expected 9"
    without = known | {"rows": {"public.dag": 3}}
    assert fault_of(proof.compare, "metadata", without, known) == "metadata: restored no rows of public.log, expected 9"
    older = known | {"revision": "a0"}
    assert fault_of(proof.compare, "metadata", older, known) == "metadata: restored revision a0, expected a1"


def knows_all_fernet_keys():
    secrets = {"values": {"fernetKey": "c"}, "older": {"fernetKey": ["b", "a1,a0"]}}
    assert proof.fernet_keys(secrets) == ["c", "b", "a1", "a0"]


def registers_logins_for_the_owner_alone():
    databases.SERVICES = folder / "services"
    databases.register({"metadata": {"host": "db", "password": "p=w#d"}, "results": {"host": "other"}})
    assert databases.SERVICES.read_text() == "[metadata]\nhost=db\npassword=p=w#d\n\n[results]\nhost=other\n"
    assert databases.SERVICES.stat().st_mode & 0o777 == 0o600


def segment(number, suffix=wal.COMPLETE):
    return wal.KEPT / f"s/00000001{number // 256:08X}{number % 256:08X}{suffix}"


def finds_the_base_that_leads_to_a_moment():
    wal.KEPT, base.BASES = folder / "wal", folder / "bases"
    base.BASES.mkdir()
    (wal.KEPT / "s").mkdir(parents=True)
    for hour, first in ((1, 254), (2, 257), (3, 300)):
        note = {"id": f"b{hour}", "at": f"2026-01-01T0{hour}:00:00+00:00", "system": "s", "first": first}
        (base.BASES / f"b{hour}.json").write_text(json.dumps(note))
        base.archive_of(note).touch()

    def leading(time):
        return (base.leading_to(datetime.fromisoformat(f"2026-01-01T{time}:00+00:00")) or {}).get("id")

    # No segment between 258 and 300 is kept.
    for number in (254, 255, 256, 257, 258, 300):
        segment(number).touch()
    segment(301, wal.PARTIAL).touch()
    assert [leading(time) for time in ("00:30", "01:30", "02:30", "03:30")] == [None, "b1", None, "b3"]
    assert [note["id"] for note in base.reachable("s")] == ["b3"]
    (wal.KEPT / "s" / wal.THROUGH).write_text(json.dumps({"at": 1767241800}))
    assert base.reach() == {"from": "2026-01-01T03:00:00+00:00", "to": "2026-01-01T04:30:00+00:00"}
    assert wal.has("s", 300) and not wal.has("s", 301)
    segment(255).unlink()
    assert leading("01:30") is None
    # The log before the first base goes, and a cluster without a base loses all of its log.
    wal.remove_before({"s": 257})
    assert [wal.number(path.name) for path in wal.kept("s")] == [257, 258, 300, 301]
    wal.remove_before({})
    assert wal.kept("s") == []


def reports_long_work_until_its_end():
    progress.EVERY = 0.02
    with contextlib.redirect_stdout(io.StringIO()) as output:
        with progress.reported("  dumping"):
            time.sleep(0.2)
        lines = output.getvalue().splitlines()
        time.sleep(0.1)
    assert lines[:2] == ["  dumping", "  dumping (0 s)"], lines
    assert output.getvalue().splitlines() == lines


keeps_the_latest()
finds_the_base_that_leads_to_a_moment()
refuses_a_changed_file()
compares_rows_and_revision()
knows_all_fernet_keys()
registers_logins_for_the_owner_alone()
reports_long_work_until_its_end()
