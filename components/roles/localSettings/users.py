import sys

# Lets every role import modules beside the DAGs, such as triggers, timetables and listeners.
DAGS = "/opt/airflow/dags"
if DAGS not in sys.path:
    sys.path.append(DAGS)

__all__ = []

try:
    import users_local_settings as users
except ModuleNotFoundError as error:
    if error.name != "users_local_settings":
        raise
else:
    __all__ += getattr(users, "__all__", [name for name in vars(users) if not name.startswith("__")])
    globals().update({name: getattr(users, name) for name in __all__})
