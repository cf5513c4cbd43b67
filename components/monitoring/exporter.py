"""usage: exporter.py PORT

Serves the stack's series in Prometheus' text format at /metrics. Reads the database and the broker when asked, at most once
in 5 s. Does not import Airflow, which takes seconds and 100 MiB.
"""

import json
import os
import pathlib
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from broker import Broker
from database import Database

HERE = pathlib.Path(__file__).parent
FAMILIES = json.loads((HERE / "families.json").read_text())
# Budgets, queues, volumes and certificates of the stack.
SETTINGS = json.loads((HERE / "settings.json").read_text())
# Seconds for which all requests get the same text.
CACHE_SECONDS = 5


def free_ratio(path):
    stat = os.statvfs(path)
    # Counts as df does: blocks reserved for root are neither used nor free.
    blocks = stat.f_blocks - stat.f_bfree + stat.f_bavail
    return stat.f_bavail / blocks if blocks else 0


def volumes():
    for name, paths in SETTINGS["volumes"].items():
        yield "airflow_volume_free_ratio", {"volume": name}, min(map(free_ratio, paths))


def configured():
    yield "airflow_database_connections_budget", {}, SETTINGS["connections"]
    for name, end in SETTINGS["certificates"].items():
        yield "airflow_certificate_end_seconds", {"certificate": name}, end


def escaped(value):
    return str(value).replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def render(series):
    """Renders series in Prometheus' text format, sorted by family.

    :param series: (family, labels, value) of each
    :raises ValueError: if the labels are not those of families.json
    """
    lines = []
    for name, labels, value in sorted(series, key=lambda item: (item[0], sorted(item[1].items()))):
        if not any(line.startswith(f"# TYPE {name} ") for line in lines):
            lines += [f"# HELP {name} {FAMILIES[name]['help']}", f"# TYPE {name} gauge"]
        if list(labels) != FAMILIES[name]["labels"]:
            raise ValueError(f"{name} has the labels {list(labels)}; expected {FAMILIES[name]['labels']}")
        pairs = ",".join(f'{key}="{escaped(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{pairs}}} {float(value):.15g}" if pairs else f"{name} {float(value):.15g}")
    return "\n".join(lines) + "\n"


class Exporter:
    def __init__(self):
        self.broker = Broker(SETTINGS)
        self.database = Database(SETTINGS)
        self.lock = threading.Lock()
        self.read_at = float("-inf")
        self.text = ""

    def series(self):
        """Yields the series of all sources. A source that fails is logged and yields `airflow_source_up` 0."""
        sources = {
            "stack file": configured,
            "volumes": volumes,
            **({"broker": self.broker.series} if self.broker.is_supported else {}),
            # Follows the broker: the database knows the ages of the broker's oldest messages.
            "database": lambda: self.database.series(self.broker),
        }
        for source, read in sources.items():
            try:
                series = list(read())
            except Exception as error:
                # The error's text is left out: it may contain a URL with a password.
                print(f"exporter: reading the {source} failed: {type(error).__name__}", flush=True)
                series = []
                yield "airflow_source_up", {"source": source}, 0
            else:
                yield "airflow_source_up", {"source": source}, 1
            yield from series

    def metrics(self):
        """Returns the text of all series, at most `CACHE_SECONDS` old."""
        with self.lock:
            if time.monotonic() - self.read_at > CACHE_SECONDS:
                self.text = render(self.series())
                self.read_at = time.monotonic()
            return self.text


class Handler(BaseHTTPRequestHandler):
    exporter = None
    # Seconds for a request to arrive: a client that has vanished would keep a thread.
    timeout = 30

    def do_GET(self):
        if self.path not in ("/metrics", "/health"):
            self.send_error(404)
            return
        body = (self.exporter.metrics() if self.path == "/metrics" else "").encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keeps requests out of the log."""


if __name__ == "__main__":
    Handler.exporter = Exporter()
    ThreadingHTTPServer(("", int(sys.argv[1])), Handler).serve_forever()
