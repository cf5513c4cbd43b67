"""usage: exporter.py PORT

Serves series of the stack in Prometheus' format: each request asks the database and the broker once. Without Airflow,
whose import takes seconds and 100 MiB.
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
ABOUT = json.loads((HERE / "about.json").read_text())
# Seconds for which several readers get the same series.
FRESH = 5


def volumes():
    for name, path in ABOUT["volumes"].items():
        facts = os.statvfs(path)
        # As df counts: what only root may use is neither used nor free.
        whole = facts.f_blocks - facts.f_bfree + facts.f_bavail
        yield "airflow_volume_free_ratio", {"volume": name}, facts.f_bavail / whole if whole else 0


def stated():
    yield "airflow_database_connections_budget", {}, ABOUT["connections"]
    for name, end in ABOUT["certificates"].items():
        yield "airflow_certificate_end_seconds", {"certificate": name}, end


def quoted(value):
    return str(value).replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def rendered(series):
    """Renders series, sorted by family.

    :param series: family, labels and value of each
    """
    lines = []
    for name, labels, value in sorted(series, key=lambda one: (one[0], sorted(one[1].items()))):
        if not any(line.startswith(f"# TYPE {name} ") for line in lines):
            lines += [f"# HELP {name} {FAMILIES[name]['help']}", f"# TYPE {name} gauge"]
        if list(labels) != FAMILIES[name]["labels"]:
            raise ValueError(f"{name} has the labels {list(labels)}; expected {FAMILIES[name]['labels']}")
        inside = ",".join(f'{key}="{quoted(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{inside}}} {float(value):.15g}" if inside else f"{name} {float(value):.15g}")
    return "\n".join(lines) + "\n"


class Exporter:
    def __init__(self):
        self.broker = Broker(ABOUT)
        self.database = Database(ABOUT)
        self.lock = threading.Lock()
        self.read_at = float("-inf")
        self.text = ""

    def series(self):
        """Reads all sources; one that fails is told, and holds up no other."""
        sources = {
            "stack file": stated,
            "volumes": volumes,
            **({"broker": self.broker.series} if self.broker.is_known else {}),
            # Comes after the broker, whose oldest messages have their age there.
            "database": lambda: self.database.series(self.broker),
        }
        for source, read in sources.items():
            try:
                found = list(read())
            except Exception as error:
                # The text of an error may have a URL in it.
                print(f"{source} cannot be read: {type(error).__name__}", flush=True)
                found = []
                yield "airflow_source_up", {"source": source}, 0
            else:
                yield "airflow_source_up", {"source": source}, 1
            yield from found

    def answer(self):
        with self.lock:
            if time.monotonic() - self.read_at > FRESH:
                self.text = rendered(self.series())
                self.read_at = time.monotonic()
            return self.text


class Handler(BaseHTTPRequestHandler):
    exporter = None

    def do_GET(self):
        if self.path not in ("/metrics", "/health"):
            self.send_error(404)
            return
        body = (self.exporter.answer() if self.path == "/metrics" else "").encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Logs no requests."""


if __name__ == "__main__":
    Handler.exporter = Exporter()
    ThreadingHTTPServer(("", int(sys.argv[1])), Handler).serve_forever()
