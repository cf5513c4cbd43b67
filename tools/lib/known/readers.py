"""Tells which settings only some roles of Airflow read, from the source of the installed Airflow and its providers."""

import ast
import collections
import importlib.util
import pathlib

SOURCE = pathlib.Path(importlib.util.find_spec("airflow").origin).parent

# Code that runs in the process of one role. Code that a DAG, a plugin or another role may run is not in the list: the DAG
# processor has an execution API of its own, the scheduler signs tokens, and the migration makes users with parts of `www`.
PROCESSES = {
    "scheduler": ("cli.commands.scheduler_command", "jobs.scheduler_job_runner", "utils.scheduler_health"),
    "dag-processor": ("cli.commands.dag_processor_command", "dag_processing.manager", "jobs.dag_processor_job_runner"),
    "triggerer": ("cli.commands.triggerer_command", "jobs.triggerer_job_runner"),
    "webserver": (
        "api_connexion",
        "api_fastapi.core_api.app",
        "api_fastapi.core_api.routes",
        "api_fastapi.core_api.services",
        "api_fastapi.gunicorn_app",
        "cli.commands.api_server_command",
        "cli.commands.webserver_command",
        "www.app",
        "www.extensions.init_jinja_globals",
        "www.extensions.init_security",
        "www.extensions.init_wsgi_middlewares",
        "www.views",
    ),
}
# Code that gets the names of settings from its callers, that shows all settings, or that no role runs.
MACHINERY = (
    "_shared.configuration",
    "api_connexion.endpoints.config_endpoint",
    "api_fastapi.core_api.routes.public.config",
    "cli.commands.config_command",
    "cli.commands.standalone_command",
    "configuration",
    "example_dags",
    "sdk._shared.configuration",
    "sdk.configuration",
)


def beneath(name, roots):
    return any(name == root or name.startswith(f"{root}.") for root in roots)


def sources():
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if not beneath(name, MACHINERY):
            yield name, ast.parse(path.read_text())


def role_of(module, major):
    """The only role that runs a module; None if others may. The scheduler of Airflow 2 reads DAG files itself."""
    role = next((role for role, roots in PROCESSES.items() if beneath(module, roots)), None)
    return "scheduler" if role == "dag-processor" and major == "2" else role


def literal(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def is_getter(called):
    """True for the methods of Airflow's configuration; other objects with `conf` in their name do no harm."""
    if not isinstance(called, ast.Attribute):
        return False
    return called.attr == "has_option" or (called.attr.startswith("get") and "conf" in ast.unparse(called.value).lower())


def mentions(tree, known):
    """Pairs of section and key that a module may read: too many rather than too few."""
    nodes = list(ast.walk(tree))
    texts = {node.value.lower() for node in nodes if literal(node)}
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and literal(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    def text(node):
        return (node.value if literal(node) else constants.get(getattr(node, "id", None), "")).lower()

    for variable in texts:
        if variable.startswith("airflow__"):
            yield tuple((variable.split("__") + [""])[1:3])
    for node in nodes:
        if isinstance(node, ast.Tuple):
            yield from zip(map(text, node.elts), map(text, node.elts[1:]))
        if not isinstance(node, ast.Call):
            continue
        named = {word.arg: word.value for word in node.keywords}
        words = [*node.args, *(named[name] for name in ("section", "key", "option") if name in named)]
        yield from zip(map(text, words), map(text, words[1:]))
        if is_getter(node.func) and words:
            section, key = text(words[0]), text(words[1]) if len(words) > 1 else ""
            # Without a literal key: all keys of the section. Without a section: all keys that the module names.
            if key == "":
                yield from ((section, one) for one in known.get(section, []))
            if section == "":
                yield from ((any_section, one) for any_section, keys in known.items() for one in keys if one in texts)


def readers(known, version):
    """Settings by the roles whose processes alone mention them; all roles may read the other settings."""
    found = collections.defaultdict(set)
    for module, tree in sources():
        role = role_of(module, version[0])
        for section, key in mentions(tree, known):
            if key in known.get(section, []):
                found[f"{section}.{key}"].add(role)
    by_roles = collections.defaultdict(list)
    for name, roles in sorted(found.items()):
        if None not in roles:
            by_roles[" ".join(sorted(roles))].append(name)
    return dict(sorted(by_roles.items()))
