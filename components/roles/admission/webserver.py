"""Puts the admission in front of the webserver's application, in each of its processes."""

from airflow.configuration import conf
from airflow_on_celery.admission import Admission
from uvicorn import Config

# A request may use two connections: for its user, and for what it asks.
SPARE = 2
load = Config.load


def places():
    size, overflow = (conf.getint("database", f"sql_alchemy_{key}") for key in ("pool_size", "max_overflow"))
    # A pool of size 0, or with overflow -1, has no limit but that of Airflow's threads.
    return 40 if size == 0 or overflow < 0 else max(1, size + overflow - SPARE)


def load_behind_admission(self):
    load(self)
    self.loaded_app = Admission(self.loaded_app, places())


Config.load = load_behind_admission
