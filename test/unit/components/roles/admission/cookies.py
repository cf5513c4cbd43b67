"""Tests of components/roles/admission/cookies.py, with stand-ins for Flask and Flask-Login."""

import sys
import unittest
from types import ModuleType, SimpleNamespace


class SessionInterface:
    def get_cookie_secure(self, app):
        return app.config["SESSION_COOKIE_SECURE"]


class DatabaseSessions(SessionInterface):
    """Sessions as Airflow keeps them, by default."""


class LoginManager:
    def _load_user_from_remember_cookie(self, cookie):
        return "somebody"


request = SimpleNamespace(is_secure=False)
stand_ins = {
    "flask": {"request": request},
    "flask.sessions": {"SessionInterface": SessionInterface},
    "flask_login": {"LoginManager": LoginManager},
}
for name, contents in stand_ins.items():
    sys.modules[name] = ModuleType(name)
    vars(sys.modules[name]).update(contents)
sys.path.insert(0, "components/roles/admission")
import cookies  # noqa: E402, F401


class CookiesTest(unittest.TestCase):
    def is_secure(self, is_tls, setting):
        request.is_secure = is_tls
        return DatabaseSessions().get_cookie_secure(SimpleNamespace(config={"SESSION_COOKIE_SECURE": setting}))

    def test_a_session_over_tls_stays_there_and_another_may_be_plain_unless_a_setting_forbids_it(self):
        asked = [(False, False), (True, False), (False, True), (True, True)]
        self.assertEqual([self.is_secure(*each) for each in asked], [False, True, True, True])

    def test_nobody_gets_in_by_the_remember_cookie(self):
        self.assertIsNone(LoginManager()._load_user_from_remember_cookie("cookie"))


if __name__ == "__main__":
    unittest.main()
