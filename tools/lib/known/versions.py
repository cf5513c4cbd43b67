"""Prints what the installed Airflow knows of its settings, its providers' included, as JSON."""

import json

from airflow import __version__
from airflow.cli.commands.config_command import CONFIGS_CHANGES
from airflow.configuration import conf
from airflow.providers_manager import ProvidersManager
from readers import readers

ProvidersManager().initialize_providers_configuration()
known = {section: sorted(told["options"]) for section, told in sorted(conf.configuration_description.items())}


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


def unknown(names):
    return {name: what for name, what in sorted(names.items()) if not has(*name.rsplit(".", 1))}


print(
    json.dumps(
        {
            "sections": known,
            "sensitive": sorted(f"{section}.{key}" for section, key in conf.sensitive_config_values if has(section, key)),
            "readers": readers(known, __version__),
            "renamed": unknown(renamed),
            "removed": unknown({name: hint for name, hint in removed.items() if name not in renamed}),
        }
    )
)
