"""Fetches the prices of a few stocks side by side and writes one CSV file for each, below `stocks/<symbol>/`.

The prices are made up here, the same for the same symbol and day, so the example needs no network.
"""

import csv
import datetime
import os
import pathlib
import random
import time

try:
    from airflow.sdk import Param, dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task
    from airflow.models.param import Param

SYMBOLS = ["AAPL", "AMZN", "GOOG", "META", "MSFT", "NVDA"]
DATA = pathlib.Path(os.environ.get("AIRFLOW_HOME", "/opt/airflow"), "data")


def prices(symbol: str, days: int):
    """Yields (day, price) of a random walk, which depends on the symbol alone."""
    walk = random.Random(symbol)
    price = walk.uniform(50, 500)
    first = datetime.date(2026, 1, 1)
    for day in range(days):
        price *= 1 + walk.gauss(0, 0.02)
        yield first + datetime.timedelta(days=day), round(price, 2)


@dag(
    schedule=None,
    tags=["example"],
    params={
        "days": Param(30, type="integer", minimum=1, description="Days of prices in each file"),
        "seconds": Param(0, type="integer", minimum=0, description="How long each download pretends to take"),
    },
)
def get_stocks_dag():
    for symbol in SYMBOLS:

        @task(task_id=f"get_{symbol.lower()}")
        def get_stock(symbol: str, params: dict | None = None):
            time.sleep(params["seconds"])
            folder = DATA / "stocks" / symbol
            folder.mkdir(parents=True, exist_ok=True)
            unfinished, target = folder / "prices.csv.part", folder / "prices.csv"
            with unfinished.open("w", newline="") as file:
                rows = csv.writer(file)
                rows.writerow(["day", "price"])
                rows.writerows(prices(symbol, params["days"]))
            unfinished.replace(target)
            print(f"{target}: {params['days']} days")

        get_stock(symbol)


get_stocks_dag()
