"""Touches the heartbeat file whenever this process writes its job's heartbeat to the metadata database."""

import pathlib

from sqlalchemy import event
from sqlalchemy.orm import Mapper

HEARTBEAT = pathlib.Path("/dev/shm/heartbeat")


@event.listens_for(Mapper, "after_update")
def beat(_mapper, _connection, row):
    if type(row).__name__ == "Job":
        HEARTBEAT.touch()


__all__ = []
