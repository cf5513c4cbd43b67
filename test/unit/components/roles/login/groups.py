"""Tests of components/roles/login/login.py, with a provider like Entra ID."""

import importlib.util
import json
import pathlib
import sys
import unittest
from unittest import mock

SOURCE = "components/roles/login/login.py"
GIVEN = {"oidc": {"issuer": "https://login.test", "clientId": "a", "scopes": ["openid"], "user": "name", "groups": "groups"}, "roles": {"team": "User"}}

modules = (
    "airflow.providers.fab.auth_manager.security_manager.override",
    "airflow.providers.fab.auth_manager.views.auth_oauth",
    "flask",
    "flask_appbuilder",
    "flask_appbuilder.const",
    "flask_appbuilder.security.views",
    "sqlalchemy",
    "werkzeug.security",
)
for name in modules:
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:end]), mock.MagicMock())
sys.modules[modules[0]].FabAirflowSecurityManagerOverride = type("Manager", (), {})
sys.modules[modules[1]].CustomAuthOAuthView = type("View", (), {})
sys.modules["flask_appbuilder.security.views"].AuthDBView = type("PasswordView", (), {})


def loaded():
    spec = importlib.util.spec_from_file_location("login", SOURCE)
    module = importlib.util.module_from_spec(spec)
    with mock.patch.object(pathlib.Path, "read_text", return_value=json.dumps(GIVEN)):
        spec.loader.exec_module(module)
    return module


def user(claims, further=None):
    """Returns the user of an ID token, and of what the provider's user endpoint adds."""
    manager = loaded().SecurityManager()
    manager.oauth_remotes = {"sso": mock.Mock()}
    manager.oauth_remotes["sso"].userinfo.return_value = {"sub": "1", **(further or {})}
    return manager.get_oauth_user_info("sso", {"userinfo": {"sub": "1", "name": "ada", **claims}})


class GroupsTest(unittest.TestCase):
    def test_groups_are_read_from_the_token_or_the_endpoint(self):
        self.assertEqual(user({"groups": ["team", 1]})["role_keys"], ["team"])
        self.assertEqual(user({}, {"groups": "team"})["role_keys"], ["team"])
        self.assertEqual(user({})["role_keys"], [])

    def test_groups_elsewhere_are_named(self):
        elsewhere = {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.test"}}}
        with self.assertRaisesRegex(ValueError, r"does not list the groups of ada.* too many.*login\.oidc\.groups: roles"):
            user(elsewhere)
        self.assertEqual(user(elsewhere, {"groups": ["team"]})["role_keys"], ["team"])

    def test_other_claims_elsewhere_do_not_matter(self):
        self.assertEqual(user({"_claim_names": {"address": "src1"}})["role_keys"], [])


if __name__ == "__main__":
    unittest.main()
