"""Checks the programs of backups without a database: what is kept, compared and refused."""

import contextlib
import gzip
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from types import ModuleType, SimpleNamespace

here = pathlib.Path(__file__).resolve()
programs = here.parents[3] / "components/backup"
folder = pathlib.Path(tempfile.mkdtemp())
# Programs read their settings from the file beside them.
for program in programs.rglob("*.py"):
    (folder / program.name).write_text(program.read_text())
(folder / "scratch").mkdir()
tempfile.tempdir = str(folder / "scratch")
place = "s3://team/tests"
(folder / "settings.json").write_text(json.dumps({"stack": "prod", "to": "/srv/backups", "version": "3.3.2", "images": {}, "every": 3600, "keep": 2, "continuous": False, "bucket": {"place": place}}))
sys.path.insert(0, str(folder))
extensions = ModuleType("psycopg2.extensions")
extensions.parse_dsn = dict
sys.modules |= {"psycopg2": ModuleType("psycopg2"), "psycopg2.extensions": extensions}
fernet = SimpleNamespace(Fernet=str, InvalidToken=ValueError, MultiFernet=list)
sys.modules |= {"cryptography": ModuleType("cryptography"), "cryptography.fernet": fernet}

import archive  # noqa: E402
import backup  # noqa: E402
import base  # noqa: E402
import copies  # noqa: E402
import databases  # noqa: E402
import mirror  # noqa: E402
import moment  # noqa: E402
import notes  # noqa: E402
import owner  # noqa: E402
import owners  # noqa: E402
import progress  # noqa: E402
import proof  # noqa: E402
import replacing  # noqa: E402
import room  # noqa: E402
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


def at(seconds):
    """Returns a moment so many seconds from now."""
    return datetime.now(timezone.utc) + timedelta(seconds=seconds)


def counts_no_backup_from_the_future():
    backup.STORE = folder / "future"
    backup.STORE.mkdir()
    hours = {hour: backup.id_of(at(3600 * hour)) for hour in (-3, -2, 48)}
    for hour, known in hours.items():
        (backup.STORE / f"{known}.json").write_text(json.dumps({"id": known, "at": at(3600 * hour).isoformat(), "copied": place}))
        backup.archive_of(known).touch()
    assert [note["id"] for note in backup.backups()] == [hours[-2], hours[-3], hours[48]]
    assert backup.due() == [backup.take]
    # The clock was ahead when the backup was made, which is no reason to remove a later one.
    backup.remove_old()
    assert [note["id"] for note in backup.backups()] == [hours[-2], hours[-3]]
    (backup.STORE / f"{hours[-3]}.json").unlink()
    (backup.STORE / f"{hours[-2]}.json").write_text(json.dumps({"id": hours[-2], "at": at(48 * 3600).isoformat(), "copied": place}))
    assert backup.due() == [backup.take]
    # Clocks of two machines differ by a little.
    assert not notes.is_due({"at": at(60).isoformat()}, 3600) and notes.is_due({"at": at(600).isoformat()}, 3600)


def counts_no_note_that_is_damaged():
    backup.STORE = folder / "damaged"
    backup.STORE.mkdir()
    for known, text in (("20260101T000000Z", '{"id": "20260101T000000Z"}'), ("20260102T000000Z", "")):
        (backup.STORE / f"{known}.json").write_text(text)
        backup.archive_of(known).touch()
    with contextlib.redirect_stderr(io.StringIO()) as told:
        assert [note["id"] for note in backup.backups()] == ["20260101T000000Z"]
    assert "20260102T000000Z.json cannot be read" in told.getvalue()
    # A note may be removed while the others are listed.
    assert notes.read_note(backup.STORE / "20260103T000000Z.json") is None


def begins_with_no_leftover_of_a_killed_process():
    with_store("begun", "20260101T000000Z")
    left = pathlib.Path(tempfile.mkdtemp())
    (left / "metadata.dump").write_text("rows")
    (pathlib.Path(tempfile.gettempdir()) / "wal").mkdir()
    next_step()
    assert [path.name for path in pathlib.Path(tempfile.gettempdir()).iterdir()] == ["wal"]


def forgets_the_failure_of_a_base_that_nothing_takes():
    with_store("unbased", "20260101T000000Z")
    for kind in ("base", "backup"):
        backup.failure_of(kind).write_text(json.dumps({"at": "2026-01-01T00:00:00+00:00", "fault": kind}))
    next_step()
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        backup.show({"backups": []})
    assert json.loads(shown.getvalue())["failure"]["fault"] == "backup" and not backup.failure_of("base").exists()


def refuse(*_):
    raise OSError("no space is left")


def makes_room_before_a_backup_that_needs_it():
    ids = [f"2026010{day}T000000Z" for day in range(1, 5)]
    with_store("crowded", *ids)
    base.BASES = backup.STORE / "bases"
    base.BASES.mkdir()
    for known in ids:
        (base.BASES / f"{known}.json").write_text(json.dumps({"id": known}))
        (base.BASES / f"{known}{base.SUFFIX}").touch()

    def left():
        return [[note["id"] for note in notes] for notes in (backup.backups(), base.bases())]

    # At the start a failure to remove ends nothing; no base is removed in a stack without a log.
    keep_latest, backup.keep_latest = backup.keep_latest, refuse
    base.remove_all, removing = lambda: None, base.remove_all
    with contextlib.redirect_stdout(io.StringIO()) as told:
        assert next_step() == "take" and "Old backups were not removed: no space is left" in told.getvalue()
    backup.keep_latest = keep_latest
    assert next_step() == "take"
    latest = ids[:1:-1]
    assert left() == [latest, ids[::-1]]
    base.remove_all = removing
    # Before a backup, and before a base; what is kept stays although the backup fails.
    backup.settings["continuous"] = True
    make("20260105T000000Z")
    backup.make, backup.register_own, original = refuse, lambda: None, (backup.make, backup.register_own)
    base.remove_log, mirror.is_filled, log_of = lambda: None, lambda: True, (base.remove_log, mirror.is_filled)
    assert fault_of(backup.take) == "OSError: no space is left"
    assert left() == [["20260105T000000Z", latest[0]], latest]
    backup.make, backup.register_own = original
    base.remove_log, mirror.is_filled = log_of
    backup.settings["continuous"] = False


def claims_a_directory_for_one_stack():
    store = folder / "claimed"
    store.mkdir()
    opened = []
    owner.opens = lambda path: opened.append(path) or path == "ours"
    keys = ["age1current", "age1earlier"]
    owner.recipients = lambda: keys

    def fault(stack, archive=None):
        return fault_of(owner.claim, store, {"stack": stack, "to": "/srv/backups"}, archive)

    expected = "/srv/backups has backups of another stack, with keys of its own; expected a directory for stack prod alone: "
    assert fault("prod", "foreign").startswith(expected) and not list(store.iterdir())
    assert fault("prod", "ours") is None and fault("prod", "ours") is None and opened == ["foreign", "ours"]
    assert fault("second").startswith("/srv/backups has backups of stack prod, with keys of its own; expected a directory for stack second")
    keys[:] = ["age1new", "age1current"]
    assert fault("prod") is None
    # Only the present key is left of those that the stack had.
    keys[:] = ["age1new"]
    assert fault("prod") is None
    keys[:] = ["age1lost"]
    assert "has backups of stack prod" in fault("prod")
    # A disk that is full keeps nobody from the directory, and a note that is right stays as it is.
    keys[:] = ["age1newest", "age1new"]
    owner.write_note, writing = refuse, owner.write_note
    with contextlib.redirect_stdout(io.StringIO()) as told:
        assert fault("prod") is None and "owner.json was not written: no space is left" in told.getvalue()
    owner.write_note = writing
    assert fault("prod") is None
    owner.write_note = None
    assert fault("prod") is None
    owner.write_note = writing
    # A note that is damaged says nothing.
    (store / "owner.json").write_text("")
    assert "has backups of another stack" in fault("prod", "foreign") and fault("prod", "ours") is None


def refuses_the_directory_of_another_stack_before_it_removes_anything():
    with_store("foreign", "20260101T000000Z")
    (backup.STORE / "owner.json").write_text(json.dumps({"stack": "other", "recipient": "age1current"}))
    base.BASES = backup.STORE / "bases"
    base.BASES.mkdir()
    assert "has backups of stack other" in fault_of(backup.serve)
    assert base.BASES.exists()


def keeps_the_log_that_is_on_its_way_from_the_bucket():
    bucket = with_store("filling")
    mirror.STORE, mirror.MIRRORED = backup.STORE, backup.STORE / "mirrored.json"
    bucket.is_away = True
    removed = []
    base.take, base.remove_log = (lambda *_: {"id": "1", "bytes": 1, "seconds": 1}), lambda: removed.append(1)
    backup.settings["continuous"] = True
    backup.take_base()
    assert removed == []
    bucket.is_away = False
    mirror_all()
    # Before a base, for which it makes room, and after it.
    backup.take_base()
    assert removed == [1, 1]
    backup.settings["continuous"] = False
    # A fetched file may be gone by the end, and no error ends the copying for good.
    bucket.objects |= {"bases/1.base.tar.age": b"", "bases/1.json": base_note("1", "age1earlier", "7").encode(), "wal/7/A.gz.age": b"log"}
    mirror.MIRRORED.unlink()
    present, mirror.files = mirror.files, dict
    assert mirror.fill() == {}
    mirror.files = present

    class End(Exception):
        pass

    def end(_):
        raise End

    loops = (
        (mirror, "mirror", lambda: mirror.mirror_on(mirror.LOG)),
        (wal, "keep", wal.keep_on),
        (wal, "system_now", wal.receive),
        (backup, "backups", report_on),
    )
    for module, name, loop in loops:
        original, clock = getattr(module, name), module.time
        setattr(module, name, lambda *_: {}["unexpected"])
        pauses = iter([None, None])
        module.time = SimpleNamespace(sleep=lambda seconds: end(seconds) if next(pauses, 1) else None)
        with contextlib.suppress(End):
            loop()
        assert next(pauses, 1) == 1
        setattr(module, name, original)
        module.time = clock


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


def with_programs(**programs):
    """Puts shell programs in front of all others."""
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\ncd {folder}\n{text}\n")
        (folder / name).chmod(0o755)
    os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"


def restores_with_the_settings_that_a_server_knows():
    data = [f"{number}\tSET transaction_timeout = 0;" for number in range(60)]
    lines = ["SET lock_timeout = 0;", "SET transaction_timeout = 0;", "COPY public.log FROM stdin;", *data, "SET transaction_timeout = 0;"]
    (folder / "dumped").write_text("\n".join([*lines, ""]))
    with_programs(psql="cat > statements", pg_restore="cat dumped")
    for version, expected in ((160_004, [lines[0], *lines[2:]]), (170_000, lines)):
        server = SimpleNamespace(connection=SimpleNamespace(server_version=version))
        replacing.connected = lambda _, server=server: contextlib.nullcontext(server)
        replacing.restore("metadata", "metadata.dump")
        statements = (folder / "statements").read_text()
        assert statements == replacing.EMPTY + "\n".join([*expected, replacing.ANALYZE.decode()]), version
    # A reader that fails keeps the client from its commit, and a client that fails says why.
    with_programs(pg_restore="cat dumped; exit 1")
    assert fault_of(replacing.restore, "metadata", "metadata.dump").startswith("restoring the metadata database failed")
    with_programs(pg_restore="yes", psql="echo no rights >&2; exit 3")
    assert fault_of(replacing.restore, "metadata", "metadata.dump") == "restoring the metadata database failed: no rights"


def replaces_nothing_that_other_schemas_need():
    import restore

    found = {"metadata": [], "results": [(f"view reports.v{number:02}",) for number in range(12)]}
    replacing.connected, replacing.rows_of = contextlib.nullcontext, lambda name, _: found[name]
    assert fault_of(replacing.check_dependents, ["metadata"]) is None
    # Before the archive comes, and so before any database is replaced.
    restore.register_own, restore.wait = lambda: found, None
    fault = fault_of(restore.main)
    assert fault.startswith("view reports.v00, view reports.v01") and "v09 and 2 more: outside the schema public of the results database" in fault


def refuses_copies_for_which_the_disk_has_no_room():
    sizes = {"metadata": 600 * 10**6, "results": 400 * 10**6}
    room.connected, room.size_of = contextlib.nullcontext, sizes.get
    for free, fault in ((1640, None), (1630, "has 1630 MB free, and a throwaway copy of the databases takes 1636 MB")):
        room.shutil = SimpleNamespace(disk_usage=lambda _, free=free: SimpleNamespace(free=free * 10**6))
        found = fault_of(room.check_room, sizes, 1.1)
        assert fault in found if fault else found is None
    # A pod may write less than the disk of its node has; what it has written counts.
    room.shutil = SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=10**12))
    written = pathlib.Path(tempfile.mkdtemp()) / "wal"
    written.write_bytes(b"x" * 4 * 10**6)
    for limit, fault in ((None, None), (1650, None), (1639, "has 1634 MB free, "), (2, "has 0 MB free, ")):
        room.settings = {} if limit is None else {"scratchLimit": limit * 10**6}
        found = fault_of(room.check_room, sizes, 1.1)
        assert fault in found and "a pod may write" in found if fault else found is None, (limit, found)
    # The disk of the node may be shorter still.
    room.shutil = SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=10**6))
    room.settings = {"scratchLimit": 1650 * 10**6}
    assert "has 1 MB free" in fault_of(room.check_room, sizes, 1.1)
    written.unlink()


def waits_while_an_archive_grows():
    import restore

    restore.RECEIVED, restore.READY, restore.TIMEOUT = folder / "received", folder / "ready", 0.4
    assert fault_of(restore.wait) == "received nothing for 0.4 s; npm run restore sends the archive"
    restore.RECEIVED.mkdir()

    def grow(_):
        # Longer in all than the time without any of the archive.
        if len(list(restore.RECEIVED.iterdir())) == 8:
            restore.READY.touch()
        else:
            time.sleep(0.1)
            (restore.RECEIVED / str(len(list(restore.RECEIVED.iterdir())))).write_text("rows")

    restore.time = SimpleNamespace(monotonic=time.monotonic, sleep=grow)
    assert fault_of(restore.wait) is None


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
        return (base.before(datetime.fromisoformat(f"2026-01-01T{time}:00+00:00")) or {}).get("id")

    # No segment between 258 and 300 is kept.
    for number in (254, 255, 256, 257, 258, 300):
        segment(number).touch()
    segment(301, wal.PARTIAL).touch()
    assert [leading(time) for time in ("00:30", "01:30", "02:30", "03:30")] == [None, "b1", "b2", "b3"]
    assert [note["id"] for note in base.reachable("s")] == ["b3"]
    (wal.KEPT / "s" / wal.THROUGH).write_text(json.dumps({"at": 1767241800}))
    assert base.reach() == [{"system": "s", "from": "2026-01-01T03:00:00+00:00", "to": "2026-01-01T04:30:00+00:00"}]
    assert wal.has("s", 300) and not wal.has("s", 301)
    # An incomplete segment is the end of the log, or a gap.
    segment(302, wal.PARTIAL).touch()
    assert wal.unbroken_since("s") == 302 and base.reachable("s") == []
    segment(301).touch()
    assert wal.unbroken_since("s") == 300
    segment(255).unlink()
    # The log before the first base goes, and a cluster without a base loses all of its log.
    wal.remove_before({"s": 257})
    assert [wal.number(path.name) for path in wal.kept("s")] == [257, 258, 300, 301, 301, 302]
    wal.remove_before({})
    assert wal.kept("s") == []


def receives_no_more_than_the_disk_may_hold_while_nothing_can_be_kept():
    wal.KEPT, wal.RECEIVED, wal.MOST_WAITING = folder / "full/kept", folder / "full/received", 3 * 16
    for path in (wal.KEPT / "s", wal.RECEIVED / "s"):
        path.mkdir(parents=True)
    names = [f"{number:024X}" for number in range(4)]

    def received(*some):
        for name in some:
            (wal.RECEIVED / "s" / name).write_text("x" * 16)

    def left():
        return sorted(path.name for path in (wal.RECEIVED / "s").iterdir())

    room, stops = [2], []

    def encrypt(source, target):
        if room[0] == 0:
            raise OSError("no space is left")
        room[0] -= 1
        target.write_bytes(source.read_bytes())

    wal.encrypt, encrypting = encrypt, wal.encrypt
    wal.ask, asking = lambda _: (1.0, 100, 50), wal.ask
    wal.Receiver.system, wal.Receiver.process = "s", SimpleNamespace(terminate=lambda: stops.append(1))
    # Copies make room at once, although the disk is full before the last one.
    received(*names[:3])
    with contextlib.suppress(OSError):
        wal.keep_bounded()
    assert left() == names[2:3] and stops == [] and fault_of(wal.check_waiting, "s") is None
    received(names[3], "a.partial", "b.partial")
    with contextlib.suppress(OSError):
        wal.keep_bounded()
    assert stops == [1] and "MiB of received log wait" in fault_of(wal.check_waiting, "s")
    # No receiver starts while too much waits.
    wal.system_now, asked = lambda: ("s", None), wal.system_now
    wal.client, starting = lambda *_: stops.append("started"), wal.client
    wal.prepare, preparing = lambda _: None, wal.prepare

    class End(Exception):
        pass

    def end(_):
        raise End

    wal.time, clock = SimpleNamespace(sleep=end), wal.time
    with contextlib.suppress(End):
        wal.receive()
    assert stops == [1] and "MiB of received log wait" in wal.Receiver.fault
    room[0] = 9
    wal.keep_bounded()
    assert stops == [1] and fault_of(wal.check_waiting, "s") is None
    wal.encrypt, wal.ask, wal.system_now, wal.client, wal.prepare, wal.time = encrypting, asking, asked, starting, preparing, clock
    wal.Receiver.system = wal.Receiver.process = None


def keeps_only_what_the_receiver_has_written():
    wal.KEPT = folder / "positions"
    (wal.KEPT / "s").mkdir(parents=True)
    wal.Receiver.system, wal.copy = "s", lambda system: None
    # Time of the server, its bytes of log, and the receiver's.
    for answer, expected in (
        ((10, 100, None), None),
        ((20, 200, 100), 10),
        # The receiver lives, and gets nothing.
        ((30, 300, 150), 10),
        ((40, 400, 150), 10),
        ((50, 400, 400), 50),
    ):
        wal.ask = lambda query, row=answer: row
        wal.keep()
        assert wal.through("s") == expected, (answer, wal.through("s"))


def fetches_a_segment_or_ends_the_recovery():
    wal.KEPT = folder / "fetched"
    (wal.KEPT / "s").mkdir(parents=True)
    (folder / "age").write_text("#!/bin/sh\nfor file; do :; done\ncat $file\n")
    (folder / "age").chmod(0o755)
    names = [f"{number:024X}" for number in range(3)]
    (wal.KEPT / "s" / f"{names[0]}{wal.COMPLETE}").write_bytes(gzip.compress(b"complete"))
    (wal.KEPT / "s" / f"{names[0]}{wal.PARTIAL}").write_bytes(gzip.compress(b"partial"))
    (wal.KEPT / "s" / f"{names[1]}{wal.COMPLETE}").write_bytes(gzip.compress(b"cut off")[:-4])

    def fetch(name):
        command = base.fetching("s").replace("%f", name).replace("%p", str(folder / "segment"))
        environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
        return subprocess.run(["sh", "-c", command], env=environment, stderr=subprocess.DEVNULL, check=False).returncode

    assert fetch(names[0]) == 0 and (folder / "segment").read_bytes() == b"complete"
    # A segment that cannot be read must not look like the end of the log.
    assert [fetch(name) for name in names[1:]] == [255, 1]


def recovers_to_the_end_of_a_log_that_is_whole_and_grows_no_more():
    at = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    note = {"system": "s", "first": 5}
    for since, is_growing, expected in ((5, True, 1), (5, False, 2), (6, False, 1), (None, False, 1)):
        wal.unbroken_since = lambda _, first=since: first
        targets = moment.targets(at, is_growing, note)
        assert targets == [at.isoformat(), None][:expected], (since, targets)


def reports_long_work_until_its_end():
    progress.EVERY = 0.02
    with contextlib.redirect_stdout(io.StringIO()) as output:
        with progress.reported("  dumping"):
            time.sleep(0.2)
        lines = output.getvalue().splitlines()
        time.sleep(0.1)
    assert lines[:2] == ["  dumping", "  dumping (0 s)"], lines
    assert output.getvalue().splitlines() == lines


class Bucket(ModuleType):
    """Stands in for `bucket.py`, and refuses every call while it is away."""

    def __init__(self):
        super().__init__("bucket")
        self.objects, self.put_names, self.is_away = {}, [], False

    def answers(self):
        if self.is_away:
            raise databases.BackupError("no answer")
        return self.objects

    def put(self, path, name):
        self.answers()[name] = path.read_bytes()
        if not name.startswith(owners.FOLDER):
            self.put_names.append(name)

    def get(self, name, path):
        path.write_bytes(self.answers()[name])

    def read(self, name):
        return self.answers()[name]

    def names(self, prefix=""):
        return sorted(name for name in self.answers() if name.startswith(prefix))

    def delete(self, name):
        self.answers().pop(name, None)


def with_store(name, *ids):
    """Begins with a volume that has these backups, and an empty bucket."""
    backup.STORE = folder / name
    backup.STORE.mkdir()
    for known in ids:
        make(known)
    sys.modules["bucket"] = Bucket()
    copies.recipients = owner.recipients = lambda: ["age1current", "age1earlier"]
    owner.opens = lambda path: True
    return sys.modules["bucket"]


def make(known):
    note = {"id": known, "at": "2026-01-01T00:00:00+00:00", "bytes": 9, "seconds": 1, "proof": 1, "rows": 1, "opened": 0}
    (backup.STORE / f"{known}.json").write_text(json.dumps(note))
    backup.archive_of(known).write_text(f"archive {known}")
    return note


def names_of(*ids):
    return sorted(name for known in ids for name in (f"backups/{known}.json", f"backups/{known}.tar.age"))


def copies_the_latest_first_and_once():
    bucket = with_store("copied", "20260101T000000Z", "20260102T000000Z")
    assert len(copies.pending(backup.backups())) == 2
    copies.complete(backup.STORE, backup.backups())
    assert [name[8:16] for name in bucket.put_names] == ["20260102", "20260102", "20260101", "20260101"]
    # A note follows its archive.
    assert bucket.put_names[0].endswith(".tar.age")
    assert bucket.names("backups/") == names_of("20260101T000000Z", "20260102T000000Z")
    assert json.loads(bucket.objects["backups/20260102T000000Z.json"])["recipient"] == "age1current"
    assert copies.pending(backup.backups()) == []
    bucket.put_names.clear()
    copies.complete(backup.STORE, backup.backups())
    assert bucket.put_names == []
    # Another bucket has none of them.
    copies.PLACE = "s3://other"
    assert len(copies.pending(backup.backups())) == 2
    copies.PLACE = place


def copies_after_the_store_was_away():
    bucket = with_store("away", "20260101T000000Z", "20260102T000000Z")
    backup.make, backup.register_own = (lambda *_: make("20260103T000000Z")), lambda: None
    events = []
    copies.record_latest = lambda _, extra, at: events.append((json.loads(extra)["id"], at))
    sys.modules["psycopg2"].Error = OSError
    bucket.is_away = True
    fault = "backup 20260103T000000Z is proven and in the volume, but has no copy: no answer"
    assert fault_of(backup.take) == fault
    assert json.loads(backup.failure_of("backup").read_text())["fault"] == fault
    # The volume is bounded meanwhile.
    assert [note["id"][:8] for note in backup.backups()] == ["20260103", "20260102"]
    assert copies.listed(backup.backups())["unlisted"] == "no answer"
    assert events == []
    bucket.is_away = False
    backup.make = None
    assert fault_of(backup.copy) is None
    assert not backup.failure_of("backup").exists() and events == [("20260103T000000Z", "2026-01-01T00:00:00+00:00")]
    assert bucket.names("backups/") == names_of("20260102T000000Z", "20260103T000000Z")


report_on, reported = backup.report_on, []


def next_step():
    """Returns what `serve` does first: the name of a task, or the seconds of a pause."""

    class End(Exception):
        pass

    def end(step):
        raise End(step)

    take, copy, backup.take, backup.copy = backup.take, backup.copy, lambda: end("take"), lambda: end("copy")
    backup.beat, backup.report_on = (lambda: None), lambda: reported.append(1)
    sleep, backup.time.sleep = backup.time.sleep, end
    try:
        backup.serve()
    except End as step:
        return step.args[0]
    finally:
        backup.take, backup.copy, backup.time.sleep = take, copy, sleep


def copies_alone_between_two_backups():
    with_store("between", "20260101T000000Z")
    assert next_step() == "take"
    fresh = json.loads((backup.STORE / "20260101T000000Z.json").read_text()) | {"at": backup.now().isoformat()}
    (backup.STORE / "20260101T000000Z.json").write_text(json.dumps(fresh))
    assert next_step() == "copy"
    (backup.STORE / "20260101T000000Z.json").write_text(json.dumps(fresh | {"copied": place}))
    assert next_step() == backup.LOOK_INTERVAL


def takes_a_base_besides():
    with_store("base")
    backup.settings["continuous"] = True
    backup.base.needs_base = lambda every: every == 3600
    assert backup.due() == [backup.take, backup.take_base]
    fresh = make("20260101T000000Z") | {"at": backup.now().isoformat(), "copied": place}
    (backup.STORE / "20260101T000000Z.json").write_text(json.dumps(fresh))
    assert backup.due() == [backup.take_base]
    backup.settings["continuous"] = False
    assert backup.due() == []


def removes_copies_of_its_own_keys_alone():
    bucket = with_store("shared", "20260109T000000Z")
    ids = {"20260101T000000Z": "age1stranger", "20260102T000000Z": "age1earlier", "20260103T000000Z": "age1current"}
    for known, recipient in ids.items():
        bucket.objects[f"backups/{known}.json"] = json.dumps({"id": known, "recipient": recipient})
        bucket.objects[f"backups/{known}.tar.age"] = b"archive"
    # A note without its archive is no backup.
    bucket.objects["backups/20260108T000000Z.json"] = b""
    bucket.objects["log/1"] = b""
    listed = copies.listed(backup.backups())
    assert [(note["id"][:8], note["places"]) for note in listed["backups"]] == [
        ("20260109", ["volume"]),
        ("20260103", ["bucket"]),
        ("20260102", ["bucket"]),
    ]
    assert [note["id"][:8] for note in listed["others"]] == ["20260101"]
    copies.complete(backup.STORE, backup.backups())
    kept = names_of("20260101T000000Z", "20260103T000000Z", "20260109T000000Z")
    assert bucket.names("backups/") == sorted([*kept, "backups/20260108T000000Z.json"]) and "log/1" in bucket.objects


def reads_the_volume_first():
    bucket = with_store("read", "20260101T000000Z")
    bucket.objects |= {"backups/20260101T000000Z.tar.age": b"of the bucket", "backups/20260102T000000Z.tar.age": b"fetched"}
    for known, expected in (("20260101T000000Z", "archive 20260101T000000Z"), ("20260102T000000Z", "fetched")):
        with copies.readable(backup.archive_of(known), known) as path:
            assert path.read_text() == expected
    with contextlib.ExitStack() as stack:
        fault = fault_of(stack.enter_context, copies.readable(backup.archive_of("20260103T000000Z"), "20260103T000000Z"))
    assert fault == f"there is no backup 20260103T000000Z in the volume or {place}; expected one of npm run backup -- --list"


def sends_no_checksums_to_other_stores_than_that_of_aws():
    kept = dict(sys.modules)
    sys.modules |= {
        "boto3": SimpleNamespace(client=lambda *_, **given: given["endpoint_url"]),
        "boto3.exceptions": SimpleNamespace(Boto3Error=OSError),
        "boto3.s3.transfer": SimpleNamespace(TransferConfig=dict),
        "botocore.config": SimpleNamespace(Config=dict),
        "botocore.exceptions": SimpleNamespace(BotoCoreError=OSError, ClientError=OSError),
    }
    sys.modules.pop("bucket", None)
    import bucket

    for endpoint, expected in ((None, None), ("https://s3.example.com", "when_required")):
        bucket.settings = {"endpoint": endpoint}
        bucket.client.cache_clear()
        assert bucket.client() == endpoint and os.environ.get("AWS_REQUEST_CHECKSUM_CALCULATION") == expected, endpoint
    for name in sys.modules.keys() - kept.keys():
        del sys.modules[name]


def mirror_all():
    for of in (mirror.LOG, mirror.BASES):
        mirror.mirror(of)


def base_note(known, recipient, system):
    return json.dumps({"id": known, "recipient": recipient, "system": system})


def mirrors_bases_and_log():
    bucket = with_store("mirrored")
    mirror.STORE, mirror.MIRRORED = backup.STORE, backup.STORE / "mirrored.json"
    # Another machine's bases, and its log, come into the empty volume; those of another stack do not.
    bucket.objects |= {
        "bases/1.base.tar.age": b"base",
        "bases/1.json": base_note("1", "age1earlier", "7").encode(),
        "wal/7/A.gz.age": b"log",
        "bases/2.base.tar.age": b"other",
        "bases/2.json": base_note("2", "age1stranger", "8").encode(),
        "wal/8/A.gz.age": b"other",
    }
    before = dict(bucket.objects)

    def data():
        return {name: text for name, text in bucket.objects.items() if not name.startswith(owners.FOLDER)}

    bucket.is_away = True
    assert fault_of(mirror_all) == "no answer" and mirror.last() is None
    bucket.is_away = False
    mirror_all()
    assert sorted(mirror.files()) == ["bases/1.base.tar.age", "bases/1.json", "wal/7/A.gz.age"]
    assert mirror.last() and data() == before and bucket.put_names == []
    # What changes here changes there, and nothing else is removed.
    (backup.STORE / "wal/7/B.partial.gz.age").write_text("begun")
    mirror_all()
    os.utime(backup.STORE / "wal/7/B.partial.gz.age", (1, 1))
    (backup.STORE / "wal/7/A.gz.age").unlink()
    (backup.STORE / "wal/7/new").write_text("incomplete")
    mirror_all()
    assert bucket.put_names == ["wal/7/B.partial.gz.age"] * 2
    assert sorted(data()) == sorted([*(before.keys() - {"wal/7/A.gz.age"}), "wal/7/B.partial.gz.age"])
    # A file that cannot be copied is copied later, and the last time when the bucket had everything stays.
    complete = mirror.last()
    (backup.STORE / "wal/7/C.gz.age").write_text("ended")
    bucket.is_away = True
    assert fault_of(mirror_all) == "no answer" and mirror.last() == complete
    bucket.is_away = False
    mirror_all()
    assert bucket.objects["wal/7/C.gz.age"] == b"ended" and mirror.last() > complete
    # A stack that is continuous no more leaves nothing of its own there, once the bucket answers.
    base.BASES, wal.KEPT = backup.STORE / "bases", backup.STORE / "wal"
    base.remove_all()
    bucket.is_away = True
    clock, pauses = mirror.time, []

    def answer(seconds):
        pauses.append(seconds)
        bucket.is_away = False

    mirror.time = SimpleNamespace(sleep=answer)
    mirror.empty()
    mirror.time = clock
    assert pauses == [mirror.INTERVAL] and not mirror.MIRRORED.exists()
    assert sorted(data()) == ["bases/2.base.tar.age", "bases/2.json", "wal/8/A.gz.age"]
    # Then there is nothing to remove, and nothing is fetched.
    mirror.end()
    assert not mirror.MIRRORED.exists()


def keeps_a_backup_as_of_a_moment_until_it_is_fetched():
    ids = [f"2026010{day}T000000Z" for day in range(1, 5)]
    bucket = with_store("awaited", *ids)
    copies.record_latest = lambda *_: None

    def left():
        return [note["id"] for note in backup.backups()]

    # Copies remove nothing here, and all that is old in the bucket.
    backup.copy()
    assert left() == ids[::-1] and bucket.names("backups/") == names_of(*ids[2:])
    backup.settings["continuous"], moment.make_at = True, lambda _: json.loads((backup.STORE / f"{ids[0]}.json").read_text())
    moment.main("2026-01-01T00:00:00+00:00")
    backup.settings["continuous"] = False
    # Another backup may have waited for the end of this one.
    backup.make, original = (lambda *_: make("20260105T000000Z")), backup.make
    backup.take()
    assert left() == ["20260105T000000Z", ids[3], ids[0]]
    path = backup.STORE / f"{ids[0]}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"awaited": at(-1).isoformat()}))
    backup.take()
    assert left() == ["20260105T000000Z", ids[3]]
    backup.make = original


class Log:
    """Stands in for a connection to the metadata, and its table of events."""

    def __init__(self, *rows):
        self.rows, self.found = list(rows), None

    def execute(self, statement, given):
        if statement.startswith("DELETE"):
            self.rows = [row for row in self.rows if row[1] != given[0]]
        elif statement.startswith("INSERT"):
            self.rows.append(given)
        else:
            self.found = [(extra,) for _, event, extra in self.rows if event == given[0]]

    def fetchall(self):
        return self.found


def records_the_latest_backup_in_a_database_that_was_restored():
    with_store("reported", "20260101T000000Z", "20260102T000000Z", "20260103T000000Z")
    for known, made in (("20260102T000000Z", "2026-01-02T00:00:00+00:00"), ("20260103T000000Z", "2026-01-03T00:00:00+00:00")):
        path = backup.STORE / f"{known}.json"
        copied = {"copied": place} if known != "20260103T000000Z" else {}
        path.write_text(json.dumps(json.loads(path.read_text()) | {"at": made} | copied))
    event = "airflow_on_celery.backup"
    expected = ("2026-01-02T00:00:00+00:00", event, '{"id": "20260102T000000Z"}')
    other = ("2026-01-09", "airflow_on_celery.canary", "{}")
    kept, copies.record_latest = copies.record_latest, databases.record_latest
    for rows in ((other,), (other, ("2026-01-01", event, '{"id": "20260101T000000Z"}')), (other, expected), (other, expected, expected)):
        log = Log(*rows)
        databases.recording = lambda log=log: contextlib.nullcontext(log)
        # The latest one has no copy yet.
        copies.report(backup.backups())
        assert log.rows == [other, expected], rows
    # The entry comes back for as long as the container runs, whatever the database says meanwhile.
    log, pauses = Log(), []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            raise EOFError
        if len(pauses) == 2:
            log.rows.clear()

    def refused():
        raise sys.modules["psycopg2"].Error

    databases.recording = lambda: contextlib.nullcontext(log) if len(pauses) > 1 else refused()
    clock, backup.time = backup.time, SimpleNamespace(sleep=pause)
    with contextlib.suppress(EOFError):
        report_on()
    backup.time, copies.record_latest = clock, kept
    assert log.rows == [expected] and pauses == [backup.REPORT_INTERVAL] * 3
    # `serve` begins with it.
    reported.clear()
    next_step()
    assert reported == [1]


def lists_the_moments_of_a_machine_that_was_lost():
    with_store("lost")
    wal.KEPT, base.BASES = backup.STORE / "wal", backup.STORE / "bases"
    base.BASES.mkdir()
    wal.unbroken_since, since = (lambda system: {"old": 5, "new": 1}[system]), wal.unbroken_since
    for known, system, first in (("b1", "old", 5), ("b2", "old", 9), ("b3", "new", 1)):
        note = {"id": known, "at": f"2026-01-01T0{known[1]}:00:00+00:00", "system": system, "first": first}
        (base.BASES / f"{known}.json").write_text(json.dumps(note))
        base.archive_of(note).touch()
    for system, through in (("old", "2026-01-01T02:30:00+00:00"), ("new", "2026-01-01T03:30:00+00:00")):
        (wal.KEPT / system).mkdir(parents=True)
        (wal.KEPT / system / wal.THROUGH).write_text(json.dumps({"at": datetime.fromisoformat(through).timestamp()}))
    old = {"system": "old", "from": "2026-01-01T01:00:00+00:00", "to": "2026-01-01T02:30:00+00:00"}
    new = {"system": "new", "from": "2026-01-01T03:00:00+00:00", "to": "2026-01-01T03:30:00+00:00"}

    def shown():
        with contextlib.redirect_stdout(io.StringIO()) as output:
            backup.show({"backups": []})
        listed = json.loads(output.getvalue())
        return listed["moments"], listed.get("earlier", [])

    copies.PLACE = None
    assert base.reach() == [new, old] and shown() == (None, [])
    backup.settings["continuous"] = True
    assert shown() == (new, [old])
    assert "expected a moment from 2026-01-01T01:00:00+00:00 on" in fault_of(moment.base_before, datetime.fromisoformat("2026-01-01T00:30:00+00:00"))
    # Nothing is known yet of the present log: that of the lost machine does not stand for it.
    (wal.KEPT / "new" / wal.THROUGH).unlink()
    assert shown() == (None, [old])
    backup.settings["continuous"] = False
    # The monitoring gets the time up to which the log is kept in both places.
    events, base.record_event = [], lambda _, extra: events.append(json.loads(extra))
    (wal.KEPT / "new" / wal.THROUGH).write_text(json.dumps({"at": 5000}))
    last = mirror.last
    for copied, expected in ((None, None), ("1970-01-01T01:00:00+00:00", 3600), ("1970-01-01T02:00:00+00:00", 5000)):
        copies.PLACE, mirror.last = place, lambda copied=copied: copied
        base.report_moments()
        assert events[-1] == {"to": expected, "base": 1767236400}, (copied, events[-1])
    copies.PLACE = None
    base.report_moments()
    assert events[-1]["to"] == 5000
    copies.PLACE, mirror.last, wal.unbroken_since = place, last, since


def copies_the_log_while_a_base_is_on_its_way():
    bucket = with_store("large")
    mirror.STORE, mirror.MIRRORED = backup.STORE, backup.STORE / "mirrored.json"

    def write(name):
        (backup.STORE / name).parent.mkdir(parents=True, exist_ok=True)
        (backup.STORE / name).write_text(name)

    for name in ("bases/1.base.tar.age", "bases/1.json", "wal/7/A.gz.age"):
        write(name)
    mirror_all()
    first = mirror.last()
    for name in ("bases/1.base.tar.age", "bases/1.json", "wal/7/A.gz.age"):
        (backup.STORE / name).unlink()
    for name in ("bases/2.base.tar.age", "bases/2.json", "wal/7/B.gz.age"):
        write(name)
    put, during = bucket.put, []

    def slow(path, name):
        if name == "bases/2.base.tar.age":
            mirror.mirror(mirror.LOG)
            during.extend([*bucket.names("bases/"), *bucket.names("wal/"), mirror.last()])
        put(path, name)

    bucket.put = slow
    mirror.mirror(mirror.BASES)
    second = mirror.last()
    # The earlier base can be restored meanwhile.
    assert during == ["bases/1.base.tar.age", "bases/1.json", "wal/7/A.gz.age", "wal/7/B.gz.age", second] and second > first
    mirror.mirror(mirror.LOG)
    assert bucket.names("bases/") + bucket.names("wal/") == ["bases/2.base.tar.age", "bases/2.json", "wal/7/B.gz.age"]
    # A base that cannot be copied is told, since the log leads nowhere without it.
    write("bases/3.base.tar.age")

    def refuse_bases(path, name):
        if name.startswith("bases/"):
            raise databases.BackupError("no answer")
        put(path, name)

    bucket.put, last = refuse_bases, mirror.last()
    assert fault_of(mirror.mirror, mirror.BASES) == "no answer"
    write("wal/7/C.gz.age")
    mirror.mirror(mirror.LOG)
    assert "wal/7/C.gz.age" in bucket.objects and mirror.last() == last
    bucket.put = put
    mirror.mirror(mirror.BASES)
    mirror.mirror(mirror.LOG)
    assert mirror.last() > last


def leaves_the_copies_of_another_installation_alone():
    bucket = with_store("living", "20260101T000000Z")
    copies.complete(backup.STORE, backup.backups())
    mine = mirror.STORE = backup.STORE
    mirror.MIRRORED = mine / "mirrored.json"
    mirror_all()
    assert bucket.names(owners.FOLDER) == ["owners/age1current.json", "owners/age1earlier.json"]
    # A trial of the restoration has the same keys, or earlier ones, and makes backups of its own.
    objects = dict(bucket.objects)
    bucket.objects["bases/1.json"] = base_note("1", "age1current", "7").encode()
    with_store("trial", *(f"2026010{day}T000000Z" for day in range(3, 7)))
    sys.modules["bucket"] = bucket
    mirror.STORE, mirror.MIRRORED = backup.STORE, backup.STORE / "mirrored.json"
    for keys in (["age1current", "age1earlier"], ["age1earlier"], ["age1new", "age1current"]):
        copies.recipients = lambda keys=keys: keys
        fault = fault_of(copies.complete, backup.STORE, backup.backups())
        assert fault.startswith("backup 20260106T000000Z is proven and in the volume, but has no copy: s3://team/tests has the copies of stack prod in"), fault
        assert "npm run backup -- --take-over --stack prod" in fault
        assert "another installation" in fault_of(mirror_all)
    copied = [note | {"copied": place} for note in backup.backups()]
    assert "another installation" in fault_of(copies.complete, backup.STORE, copied)
    assert bucket.objects == objects | {"bases/1.json": bucket.objects["bases/1.json"]} and not (backup.STORE / "bases").exists()
    # A stack with other keys is no danger.
    del bucket.objects["bases/1.json"]
    copies.recipients = lambda: ["age1stranger"]
    copies.complete(backup.STORE, backup.backups())
    assert "owners/age1stranger.json" in bucket.objects and set(objects) < set(bucket.objects)
    bucket.objects = dict(objects)
    # The stack of a lost machine goes on where that ended; the machine adds no more if it comes back.
    copies.recipients = lambda: ["age1current", "age1earlier"]
    for note in backup.backups():
        make(note["id"])
    backup.take_over()
    assert bucket.names("backups/") == names_of("20260105T000000Z", "20260106T000000Z")
    mirror_all()
    backup.STORE = mirror.STORE = mine
    mirror.MIRRORED = backup.STORE / "mirrored.json"
    make("20260109T000000Z")
    assert "another installation" in fault_of(backup.copy)
    (mine / "wal/7").mkdir(parents=True)
    (mine / "wal/7/A.gz.age").touch()
    assert "another installation" in fault_of(mirror_all)
    copies.PLACE = None
    assert "names no bucket" in fault_of(backup.take_over)
    copies.PLACE = place


def needs_no_bucket():
    with_store("none", "20260101T000000Z").is_away = True
    copies.PLACE = None
    copies.complete(backup.STORE, backup.backups())
    assert copies.pending(backup.backups()) == []
    assert copies.listed(backup.backups()) == {"backups": backup.backups()}
    copies.PLACE = place


keeps_the_latest()
counts_no_backup_from_the_future()
counts_no_note_that_is_damaged()
finds_the_base_that_leads_to_a_moment()
receives_no_more_than_the_disk_may_hold_while_nothing_can_be_kept()
keeps_only_what_the_receiver_has_written()
fetches_a_segment_or_ends_the_recovery()
recovers_to_the_end_of_a_log_that_is_whole_and_grows_no_more()
copies_the_latest_first_and_once()
copies_after_the_store_was_away()
copies_alone_between_two_backups()
takes_a_base_besides()
removes_copies_of_its_own_keys_alone()
reads_the_volume_first()
sends_no_checksums_to_other_stores_than_that_of_aws()
mirrors_bases_and_log()
keeps_a_backup_as_of_a_moment_until_it_is_fetched()
records_the_latest_backup_in_a_database_that_was_restored()
lists_the_moments_of_a_machine_that_was_lost()
copies_the_log_while_a_base_is_on_its_way()
leaves_the_copies_of_another_installation_alone()
needs_no_bucket()
begins_with_no_leftover_of_a_killed_process()
forgets_the_failure_of_a_base_that_nothing_takes()
makes_room_before_a_backup_that_needs_it()
keeps_the_log_that_is_on_its_way_from_the_bucket()
refuses_the_directory_of_another_stack_before_it_removes_anything()
claims_a_directory_for_one_stack()
refuses_a_changed_file()
compares_rows_and_revision()
knows_all_fernet_keys()
registers_logins_for_the_owner_alone()
restores_with_the_settings_that_a_server_knows()
refuses_copies_for_which_the_disk_has_no_room()
waits_while_an_archive_grows()
replaces_nothing_that_other_schemas_need()
reports_long_work_until_its_end()
