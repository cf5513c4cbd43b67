"""Reads the seconds that workers and schedulers share, from `settings/model/timings.ts`, which explains each."""

import json
import pathlib

_seconds = json.loads(pathlib.Path(__file__).with_suffix(".json").read_text())

RENEWAL = _seconds["leaseRenewal"]
FENCE = _seconds["taskFence"]
DEAD = _seconds["taskDead"]
LOST = _seconds["messageLost"]
