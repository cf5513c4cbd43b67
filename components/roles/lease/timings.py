"""Holds the seconds that workers and the scheduler agree on, from `settings/model/timings.ts`."""

import json
import pathlib

_all = json.loads(pathlib.Path(__file__).with_suffix(".json").read_text())

RENEWAL = _all["leaseRenewal"]
FENCE = _all["taskFence"]
DEAD = _all["taskDead"]
LOST = _all["messageLost"]
