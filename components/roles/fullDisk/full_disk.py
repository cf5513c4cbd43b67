"""Keeps a full disk from failing tasks: whatever does not fit into a log of a task, a trigger or a DAG file is dropped.

Airflow's supervisors end a task whose log they cannot write.
"""

import errno
import io
import os
import pathlib

import airflow.sdk.log

FULL = (errno.ENOSPC, errno.EDQUOT)


class LogFile(io.FileIO):
    def write(self, data):
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in FULL:
                raise
            return len(data)


class LogPath(type(pathlib.Path())):
    def open(self, mode="r", buffering=-1, encoding=None, errors=None, newline=None):
        if not set(mode) & set("aw"):
            return super().open(mode, buffering, encoding, errors, newline)
        file = io.BufferedWriter(LogFile(self, mode.replace("b", "")))
        return file if "b" in mode else io.TextIOWrapper(file, encoding, errors, newline, line_buffering=buffering == 1)


def survive(init_log_file):
    """Returns the file that Airflow has made for a log, or a file that keeps nothing."""

    def initialised(path):
        try:
            file = LogPath(init_log_file(path))
            file.open("ab").close()
            return file
        except OSError as error:
            if error.errno not in FULL:
                raise
            return LogPath(os.devnull)

    return initialised


airflow.sdk.log.init_log_file = survive(airflow.sdk.log.init_log_file)
