"""Tests of components/declarations/declare.py, beside stand-ins for Airflow."""

import contextlib
import sys
import tempfile
import types
import unittest
from unittest import mock

for name in (
    "start airflow airflow.models airflow.providers.fab.auth_manager.cli_commands.utils airflow.providers.fab.auth_manager.security_manager "
    "airflow.utils.session sqlalchemy werkzeug.security"
).split():
    sys.modules[name] = mock.MagicMock()
sys.modules["airflow.utils.session"].create_session = lambda: contextlib.nullcontext(mock.MagicMock())
sys.modules["airflow.providers.fab.auth_manager.security_manager"].override.FabException = ValueError
sys.path.insert(0, "components/declarations")
NOTHING = '{"connections": {}, "variables": {}, "pools": {}, "users": {}}'
with tempfile.NamedTemporaryFile("w") as file:
    file.write(f'{{"declared": {NOTHING}, "deleted": {NOTHING}}}')
    file.flush()
    sys.argv[1:] = [file.name]
    import declare

sys.argv[1:] = []
ANN = {"first_name": "Ann", "last_name": "Bee", "email": "a@b", "role": "Viewer", "password": "secret"}


def person(active):
    names = {key: ANN[key] for key in ("first_name", "last_name", "email")}
    return types.SimpleNamespace(id=1, active=active, roles=["Viewer"], password="hash", **names)


class Marks:
    """Names that were deleted."""

    def __init__(self, *names):
        self.names = set(names)

    def has(self, kind, name):
        return name in self.names

    def add(self, kind, name):
        self.names.add(name)

    def remove(self, kind, names):
        self.names -= set(names)


class UsersTest(unittest.TestCase):
    def declare(self, marks, **declared):
        """Declares users beside one whom other rows need, as a note does in Airflow 2; returns whether this user is active."""
        deleted = [] if declared else ["ann"]
        manager = mock.MagicMock()
        manager.find_user.return_value = self.user
        manager.del_register_user.return_value = False
        with (
            mock.patch.object(declare, "get_application_builder", lambda: contextlib.nullcontext(types.SimpleNamespace(sm=manager))),
            mock.patch.object(declare, "Marks", lambda _: marks),
            mock.patch.object(declare, "report"),
        ):
            declare.declare_users(declared, deleted)
        return self.user.active

    def test_a_user_who_could_only_be_deactivated_is_active_once_declared_again(self):
        self.user, marks = person(active=True), Marks()
        self.assertFalse(self.declare(marks))
        self.assertEqual((self.user.roles, marks.names), ([], {"ann"}))
        self.assertTrue(self.declare(marks, ann=ANN))
        self.assertEqual(marks.names, set())

    def test_a_user_whom_a_person_has_deactivated_stays_so(self):
        self.user = person(active=False)
        self.assertFalse(self.declare(Marks(), ann=ANN))


unittest.main()
