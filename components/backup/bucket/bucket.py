"""Objects of the bucket that a stack file names, under its prefix, by name."""

import contextlib
import functools
import hashlib
import json
import os
import pathlib

from archive import digest
from databases import BackupError

try:
    import boto3
    from boto3.exceptions import Boto3Error
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    raise BackupError(
        "the image has no client for object stores (boto3); expected images.backup to be an image that npm run images of this release builds"
    ) from None

SECRETS = pathlib.Path("/run/secrets")
settings = json.loads((pathlib.Path(__file__).parent / "settings.json").read_text())["bucket"]

# Bounds the memory that concurrent parts of a file take.
TRANSFER = TransferConfig(max_concurrency=4)

RIGHTS = "rights to list the bucket, and to read, write and delete its objects"
# Expected values, by a part of the error's text.
EXPECTED = {
    "NoSuchBucket": "a bucket that exists",
    "Unable to locate credentials": "backup.accessKey and backup.secretKey, or an identity: on Docker the machine's, in a cluster a web identity"
    " or EKS Pod Identity of the pod",
    "InvalidAccessKeyId": "the backup.accessKey of a user of this store",
    "SignatureDoesNotMatch": "the backup.secretKey of backup.accessKey",
    "AccessDenied": RIGHTS,
    "(403)": RIGHTS,
    "CERTIFICATE_VERIFY_FAILED": "a certificate for the endpoint's name, and its authority in backup.ca",
}


# Newer clients send checksums by default. Other stores than that of AWS may refuse them; a bucket of AWS with an object lock needs them.
WITHOUT_CHECKSUMS = {
    "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
    "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
}


def secret(name):
    path = SECRETS / name
    return path.read_text() if path.exists() else None


@functools.cache
def client():
    """Returns the client. Without keys it finds an identity by itself, as boto3 documents."""
    endpoint = settings.get("endpoint")
    if endpoint:
        os.environ |= WITHOUT_CHECKSUMS
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=settings.get("region"),
        aws_access_key_id=secret("bucket_access_key"),
        aws_secret_access_key=secret("bucket_secret_key"),
        verify=settings.get("ca"),
        config=Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": 3},
            # Other stores than that of AWS need not have a host name for each bucket.
            s3={"addressing_style": "path" if endpoint else "auto"},
        ),
    )


def place(name):
    return {"Bucket": settings["name"], "Key": settings["prefix"] + name}


@contextlib.contextmanager
def explained(action):
    """Explains errors of the client to people.

    :raises BackupError: if the store refuses, or does not answer
    """
    try:
        yield
    except (Boto3Error, BotoCoreError, ClientError) as error:
        expected = next((f"; expected {text}" for part, text in EXPECTED.items() if part in str(error)), "")
        raise BackupError(f"{action}: {error}{expected}") from None


class Checksum:
    """A file that keeps only the size and the checksum of what is written to it."""

    def __init__(self):
        self.bytes, self.sha256 = 0, hashlib.sha256()

    def write(self, data):
        self.bytes += len(data)
        self.sha256.update(data)


def put(path, name):
    """Copies a file to an object, in parts if it is large, and reads the object back.

    :raises BackupError: if the object cannot be written or read, or differs from the file
    """
    found = Checksum()
    with explained(f"{name} could not be copied to {settings['place']}"):
        client().upload_file(str(path), **place(name), Config=TRANSFER)
        client().download_fileobj(**place(name), Fileobj=found, Config=TRANSFER)
    if (found.bytes, found.sha256.hexdigest()) != (path.stat().st_size, digest(path)):
        raise BackupError(f"{name} was copied to {settings['place']}, and has other contents there; expected the same {path.stat().st_size} bytes")


def get(name, path):
    """Copies an object to a file."""
    with explained(f"{name} could not be read from {settings['place']}"):
        client().download_file(**place(name), Filename=str(path), Config=TRANSFER)


def read(name):
    """Returns the contents of a small object."""
    with explained(f"{name} could not be read from {settings['place']}"):
        return client().get_object(**place(name))["Body"].read()


def names(prefix=""):
    """Returns the names of all objects that begin with a prefix, in order."""
    start = place(prefix)
    with explained(f"{settings['place']} could not be listed"):
        pages = client().get_paginator("list_objects_v2").paginate(Bucket=start["Bucket"], Prefix=start["Key"])
        return [entry["Key"].removeprefix(settings["prefix"]) for page in pages for entry in page.get("Contents", [])]


def delete(name):
    """Deletes an object, if there is one."""
    with explained(f"{name} could not be removed from {settings['place']}"):
        client().delete_object(**place(name))
