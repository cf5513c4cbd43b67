"""Prints what the installed Airflow knows of its settings, its providers' included, as JSON."""

import collections
import json
import re
import zoneinfo

from airflow import __version__
from airflow.cli.commands.config_command import CONFIGS_CHANGES
from airflow.configuration import conf
from airflow.providers_manager import ProvidersManager
from readers import SOURCE, readers

ProvidersManager().initialize_providers_configuration()
known = {section: sorted(described["options"]) for section, described in sorted(conf.configuration_description.items())}


def has(section, key):
    return key in known.get(section, [])


renamed, removed = {}, {}
for new, (section, key, *_) in conf.deprecated_options.items():
    renamed[f"{section}.{key}"] = ".".join(new)
for new, olds in getattr(conf, "many_to_one_deprecated_options", {}).items():
    renamed.update({f"{section}.{key}": ".".join(new) for section, key, _ in olds})
for change in CONFIGS_CHANGES:
    name = f"{change.config.section}.{change.config.option}"
    if change.renamed_to and has(change.renamed_to.section, change.renamed_to.option):
        renamed.setdefault(name, f"{change.renamed_to.section}.{change.renamed_to.option}")
    elif change.was_removed:
        removed[name] = " ".join(change.suggestion.split())


TYPES = {"getboolean": "boolean", "getfloat": "float", "getint": "integer"}

# Getters that the source calls, by section and key.
getters = collections.defaultdict(set)
for path in SOURCE.rglob("*.py"):
    for getter, section, key in re.findall(r"\.(get\w*)\(\s*[\"'](\w+)[\"'],\s*[\"'](\w+)[\"']", path.read_text()):
        getters[section.lower(), key.lower()].add(getter)


def type_of(section, key, option):
    """The type to which Airflow converts a setting. Some are described as texts, but are read by the getter of one type alone."""
    # An empty text stands for no value where it is the default.
    if option.get("default") == "":
        return None
    called = getters[section, key]
    if option.get("type") == "string" and len(called) == 1:
        return TYPES.get(*called)
    return option.get("type")


def typed(kind):
    options = ((section, *option) for section, described in conf.configuration_description.items() for option in described["options"].items())
    return sorted(f"{section}.{key}" for section, key, option in options if type_of(section, key, option) == kind)


def unknown(names):
    return {name: what for name, what in sorted(names.items()) if not has(*name.rsplit(".", 1))}


print(
    json.dumps(
        {
            "sections": known,
            "sensitive": sorted(f"{section}.{key}" for section, key in conf.sensitive_config_values if has(section, key)),
            "readers": readers(known, __version__),
            "types": {kind: typed(kind) for kind in ("boolean", "float", "integer")},
            "choices": {
                ".".join(name): ",".join(str(getattr(value, "value", value)) for value in values)
                for name, values in sorted(conf.enums_options.items())
                if has(*name)
            },
            "timezones": sorted(zoneinfo.available_timezones()),
            "renamed": unknown(renamed),
            "removed": unknown({name: hint for name, hint in removed.items() if name not in renamed}),
        }
    )
)
