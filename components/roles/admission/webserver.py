"""Limits who gets into each webserver process: concurrent requests, wrong passwords, and cookies that others could make.

Lets a process end without refusing a request.
"""

import airflow_on_celery.cookies  # noqa: F401
from airflow.configuration import conf
from airflow_on_celery.admission import Admission
from airflow_on_celery.attempts import Attempts
from airflow_on_celery.closing import closing_later
from uvicorn import Config
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

# Connections that are left for second ones: a request may use one for its user and one for its data.
RESERVE = 2
load = Config.load


def request_limit():
    size, overflow = (conf.getint("database", f"sql_alchemy_{key}") for key in ("pool_size", "max_overflow"))
    # A pool with size 0 or overflow -1 is unlimited; Airflow handles requests in 40 threads.
    return 40 if size == 0 or overflow < 0 else max(1, size + overflow - RESERVE)


def load_with_admission(self):
    load(self)
    self.http_protocol_class = closing_later(self.http_protocol_class)
    # The client's own address is known below the headers of proxies.
    if isinstance(self.loaded_app, ProxyHeadersMiddleware):
        self.loaded_app.app = Attempts(self.loaded_app.app)
    else:
        self.loaded_app = Attempts(self.loaded_app)
    self.loaded_app = Admission(self.loaded_app, request_limit())


Config.load = load_with_admission
