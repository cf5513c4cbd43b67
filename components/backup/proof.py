"""Proves backups: restores an archive into a throwaway server, and compares the contents with those at the dump."""

import json
import pathlib
import tempfile

import archive
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from databases import BackupError, connected, contents_of, rows_of, throwaway_server
from replacing import restore

# Encrypted values in Airflow's metadata.
ENCRYPTED = (
    "SELECT password FROM connection WHERE is_encrypted AND password <> ''"
    " UNION ALL SELECT extra FROM connection WHERE is_extra_encrypted AND extra <> ''"
    " UNION ALL SELECT val FROM variable WHERE is_encrypted AND val <> ''"
)


def fernet_keys(secrets):
    """Returns all fernet keys that a stack has had, the current key first."""
    values = [secrets["values"]["fernetKey"], *secrets["older"].get("fernetKey", [])]
    return [Fernet(key.strip()) for keys in values for key in keys.split(",")]


def decrypt_all(name, secrets):
    """Decrypts all encrypted values of a database; returns their number.

    :raises BackupError: if no fernet key decrypts a value
    """
    with connected(name) as cursor:
        encrypted = rows_of(cursor, ENCRYPTED)
    keys = MultiFernet(fernet_keys(secrets))
    for (value,) in encrypted:
        try:
            keys.decrypt(value.encode())
        except InvalidToken:
            raise BackupError("none of the stack's fernet keys, current or earlier, decrypts a connection or variable") from None
    return len(encrypted)


def compare(name, restored, dumped):
    """Compares the contents of a database before and after.

    :raises BackupError: if the revision, or a number of rows, differs
    """
    if restored["revision"] != dumped["revision"]:
        raise BackupError(f"{name}: restored revision {restored['revision']}, expected {dumped['revision']}")
    for table in sorted({*restored["rows"], *dumped["rows"]}):
        rows, expected = restored["rows"].get(table, "no"), dumped["rows"].get(table, "no")
        if rows != expected:
            raise BackupError(f"{name}: restored {rows} rows of {table}, expected {expected}")


def prove(path):
    """Proves an archive; returns its manifest, and the number of decrypted values."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = archive.unpack(path, folder)
        databases = manifest["databases"]
        if databases["metadata"]["revision"] is None:
            raise BackupError("the metadata database has no revision of Airflow in its schema public; expected a migrated database")
        # Uses other names than the stack's databases have, so that no mistake here can restore into these.
        with throwaway_server([f"proof_{name}" for name in databases]):
            for name, dumped in databases.items():
                restore(f"proof_{name}", f"{folder}/{name}.dump", analyzes=False)
                with connected(f"proof_{name}") as cursor:
                    compare(name, contents_of(cursor), dumped)
            secrets = json.loads(pathlib.Path(folder, "secrets.json").read_text())
            return manifest, decrypt_all("proof_metadata", secrets)
