"""Reads Celery's results as plain data.

Celery keeps a result as a pickle, which may name any function to call while it is read. Workers write results and the scheduler reads
them, so a worker could otherwise have the scheduler run code.
"""

import io
import logging
import pickle

log = logging.getLogger(__name__)

dumps = pickle.dumps


class PlainUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"it names {module}.{name}")


def loads(data):
    """Returns the value of a pickle; None if the value is more than numbers, texts, lists and dictionaries."""
    try:
        return PlainUnpickler(io.BytesIO(data)).load()
    except Exception as error:  # A damaged pickle raises errors of any kind.
        log.warning("A result is left out, as it is no plain data: %s", error)
        return None
