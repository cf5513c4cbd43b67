"""usage: folder.py FOLDER [FILE...]

Prints JSON about a folder of DAG files: what this user may not read, the files in which Airflow looks for DAGs, with the time
of their last change. With FILEs: of each, the ids of its DAGs, and its import error.
"""

import json
import os
import pathlib
import sys


def look(folder):
    unreadable, files = [], {}
    for path, folders, names in os.walk(folder, followlinks=True):
        for name in [*folders, *names]:
            file = pathlib.Path(path, name)
            if not os.access(file, os.R_OK | (os.X_OK if name in folders else 0)):
                unreadable.append(str(file.relative_to(folder)))
            elif name.endswith(".py") and name in names:
                text = file.read_bytes().lower()
                # The words by which Airflow itself decides.
                if b"dag" in text and b"airflow" in text:
                    files[str(file.relative_to(folder))] = file.stat().st_mtime
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__pycache__"]
    return {"unreadable": sorted(unreadable), "files": files}


def read(folder, files):
    sys.path.append(folder)
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:  # Airflow 2
        from airflow.models import DagBag
    found = {}
    for file in files:
        bag = DagBag(os.path.join(folder, file))
        found[file] = {"ids": sorted(bag.dags), "error": next(iter(bag.import_errors.values()), None)}
    return found


folder, *files = sys.argv[1:]
answer = read(folder, files) if files else look(folder)
# The last line: Airflow and DAG files write others.
print(json.dumps(answer))
