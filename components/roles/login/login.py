"""Flask-AppBuilder's configuration: people log in at a provider, by OpenID Connect or LDAP, and the stack's own users by password.

A user is either the stack's, with a password, or the provider's, without one: no name at the provider takes over the administrator.
A provider's user has the roles of their groups, which each login renews, and cannot log in without any.
"""

import json
import logging
import os
from pathlib import Path

from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
from airflow.providers.fab.auth_manager.views.auth_oauth import CustomAuthOAuthView
from flask import redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.const import AUTH_LDAP, AUTH_OAUTH
from flask_appbuilder.security.views import AuthDBView

given = json.loads(Path(__file__).with_suffix(".json").read_text())
secret = Path("/run/secrets/login_secret").read_text()
oidc, ldap = given.get("oidc"), given.get("ldap")

log = logging.getLogger("airflow_on_celery.login")

# Name of the provider on the login page, and in the address to which it redirects.
PROVIDER = "sso"


class PasswordView(AuthDBView):
    """Page for the stack's own users, who can log in while the provider is away."""

    route_base = "/password"


class ProviderView(CustomAuthOAuthView):
    @expose("/login/")
    @expose("/login/<provider>")
    def login(self, provider=None):
        if provider == "password":
            return redirect(url_for("PasswordView.login", next=request.args.get("next", "")))
        if provider is None:
            providers = [*self.appbuilder.sm.oauth_providers, {"name": "password", "icon": "fa-key"}]
            return self.render_template(self.login_template, providers=providers, title=self.title, appbuilder=self.appbuilder)
        return super().login(provider)


class SecurityManager(FabAirflowSecurityManagerOverride):
    authoauthview = ProviderView

    def registeruseroauthview(self):
        """Leaves out the page on which anybody could ask for an account."""

    def register_views(self):
        super().register_views()
        if oidc:
            view = self.appbuilder.add_view_no_menu(PasswordView())
            if self.is_auth_limited:
                self.limiter.limit(self.auth_rate_limit, methods=["POST"])(view.blueprint)

    def is_own(self, username):
        """Returns true if the stack has a user of this name with a password."""
        user = self.find_user(username=username)
        return user is not None and bool(user.password)

    def add_user(self, *args, **kwargs):
        """Adds a user; a provider's gets no password, instead of an empty one."""
        user = super().add_user(*args, **kwargs)
        if not kwargs.get("password") and not kwargs.get("hashed_password"):
            user.password = None
            self.update_user(user)
        return user

    def with_roles(self, user):
        """Returns the user that a provider has let in; none if no group of theirs has a role."""
        roles = set(given["roles"].values())
        if user is None or any(role.name in roles for role in user.roles):
            return user
        log.warning("%s may not log in: none of their groups has a role", user.username)
        return None

    def auth_user_ldap(self, username, password, rotate_session_id=True):
        if username and self.is_own(username):
            return self.auth_user_db(username, password, rotate_session_id)
        return self.with_roles(super().auth_user_ldap(username, password, rotate_session_id))

    def auth_user_oauth(self, userinfo, rotate_session_id=True):
        if self.is_own(userinfo["username"]):
            log.warning("%s may not log in at the provider: the stack has a user of this name", userinfo["username"])
            return None
        return self.with_roles(super().auth_user_oauth(userinfo, rotate_session_id))

    def set_oauth_session(self, provider, oauth_response):
        """Keeps the provider's tokens out of the session's cookie, which may have 4 KB: nothing uses them after the login."""

    def get_oauth_user_info(self, provider, resp):
        """Reads a user from an ID token, whose signature, issuer and audience are checked, or from the provider's user endpoint."""
        claims = resp["userinfo"]
        if oidc["groups"] not in claims:
            further = self.oauth_remotes[provider].userinfo(token=resp)
            if further["sub"] != claims["sub"]:
                raise ValueError("the provider's user endpoint answers for another user")
            claims = {**further, **claims}
        groups = claims.get(oidc["groups"], [])
        return {
            "username": claims[oidc["user"]],
            "email": claims.get("email", ""),
            "first_name": claims.get("given_name", ""),
            "last_name": claims.get("family_name", ""),
            "role_keys": [groups] if isinstance(groups, str) else groups,
        }


SECURITY_MANAGER_CLASS = SecurityManager
AUTH_TYPE = AUTH_OAUTH if oidc else AUTH_LDAP
AUTH_USER_REGISTRATION = True
# Has no permission.
AUTH_USER_REGISTRATION_ROLE = "Public"
AUTH_ROLES_MAPPING = {group: [role] for group, role in given["roles"].items()}
AUTH_ROLES_SYNC_AT_LOGIN = True

if oidc:
    OAUTH_PROVIDERS = [
        {
            "name": PROVIDER,
            "icon": "fa-users",
            "remote_app": {
                "client_id": oidc["clientId"],
                "client_secret": secret,
                "server_metadata_url": f"{oidc['issuer'].rstrip('/')}/.well-known/openid-configuration",
                "client_kwargs": {"scope": " ".join(oidc["scopes"]), "code_challenge_method": "S256"},
            },
        }
    ]

if ldap:
    AUTH_LDAP_SERVER = ldap["url"]
    # The password of a person never crosses the network in the clear.
    AUTH_LDAP_USE_TLS = ldap["url"].startswith("ldap://")
    AUTH_LDAP_TLS_DEMAND = True
    AUTH_LDAP_TLS_CACERTFILE = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    AUTH_LDAP_BIND_USER = ldap["bind"]
    AUTH_LDAP_BIND_PASSWORD = secret
    AUTH_LDAP_SEARCH = ldap["search"]
    AUTH_LDAP_SEARCH_FILTER = ldap.get("filter", "")
    AUTH_LDAP_UID_FIELD = ldap["user"]
    AUTH_LDAP_GROUP_FIELD = ldap["groups"]
