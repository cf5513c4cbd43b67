"""The proof of a backup: it is restored into a throwaway server, and compared with what was dumped."""

import json
import pathlib
import tempfile

import archive
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from databases import Failed, connected, facts, restore, rows_of, throwaway

# Encrypted columns of Airflow's metadata.
SEALED = (
    "SELECT password FROM connection WHERE is_encrypted AND password <> ''"
    " UNION ALL SELECT extra FROM connection WHERE is_extra_encrypted AND extra <> ''"
    " UNION ALL SELECT val FROM variable WHERE is_encrypted AND val <> ''"
)


def fernet_keys(secrets):
    """All fernet keys that a stack has had, the current one first."""
    given = [secrets["values"]["fernetKey"], *secrets["older"].get("fernetKey", [])]
    return [Fernet(key.strip()) for keys in given for key in keys.split(",")]


def opened(name, secrets):
    """Decrypts what is encrypted in a database; returns the number of values."""
    with connected(name) as cursor:
        sealed = rows_of(cursor, SEALED)
    keys = MultiFernet(fernet_keys(secrets))
    for (value,) in sealed:
        try:
            keys.decrypt(value.encode())
        except InvalidToken:
            raise Failed("a connection or variable opens with none of the fernet keys") from None
    return len(sealed)


def compare(name, found, expected):
    if found["revision"] != expected["revision"]:
        raise Failed(f"{name}: revision {found['revision']} instead of {expected['revision']}")
    for table in sorted({*found["rows"], *expected["rows"]}):
        there, dumped = found["rows"].get(table), expected["rows"].get(table)
        if there != dumped:
            raise Failed(f"{name}: {there} rows in {table} instead of {dumped}")


def prove(path):
    """Proves an archive; returns its manifest and the number of values that were decrypted."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = archive.unpack(path, folder)
        known = manifest["databases"]
        if known["metadata"]["revision"] is None:
            raise Failed("the metadata has no revision of Airflow's schema")
        # Other names than those of the real databases, which a mistake here must not reach.
        with throwaway([f"proof_{name}" for name in known]):
            for name, expected in known.items():
                restore(f"proof_{name}", f"{folder}/{name}.dump")
                with connected(f"proof_{name}") as cursor:
                    compare(name, facts(cursor), expected)
            secrets = json.loads(pathlib.Path(folder, "secrets.json").read_text())
            return manifest, opened("proof_metadata", secrets)
