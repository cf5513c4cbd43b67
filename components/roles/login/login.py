"""Flask-AppBuilder's configuration: people log in at a provider, by OpenID Connect or LDAP, and the stack's own users by password.

A user is either the stack's, with a password, or the provider's, without one: no name at the provider takes over the administrator, and
nobody whom the provider has dismissed is let in. A provider's user has the roles of their groups, which each login renews, and cannot log
in without any.
"""

import json
import logging
import os
from pathlib import Path

from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
from airflow.providers.fab.auth_manager.views.auth_oauth import CustomAuthOAuthView
from flask import abort, g, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.const import AUTH_LDAP, AUTH_OAUTH
from flask_appbuilder.security.views import AuthDBView
from sqlalchemy import func, select
from werkzeug.security import check_password_hash

given = json.loads(Path(__file__).with_suffix(".json").read_text())
secret = Path("/run/secrets/login_secret").read_text()
oidc, directory = given.get("oidc"), given.get("ldap")

log = logging.getLogger("airflow_on_celery.login")

# Name of the provider on the login page, and in the address to which it redirects.
PROVIDER = "sso"
# Seconds to wait for an answer: each login that waits keeps the webserver from serving another request, of a task perhaps.
PATIENCE = 10

if directory:
    import ldap
    from ldap.dn import dn2str, str2dn

    ldap.set_option(ldap.OPT_NETWORK_TIMEOUT, PATIENCE / 2)
    ldap.set_option(ldap.OPT_TIMEOUT, PATIENCE)


def key_of(group):
    """Returns a group in a form that compares: a directory may spell a distinguished name otherwise than a stack file."""
    if not directory:
        return group
    try:
        return dn2str(str2dn(group)).casefold()
    except ldap.DECODING_ERROR:
        return group.casefold()


class PasswordView(AuthDBView):
    """Page for the stack's own users, who can log in while the provider is away."""

    route_base = "/password"


class ProviderView(CustomAuthOAuthView):
    @expose("/login/")
    @expose("/login/<provider>")
    def login(self, provider=None):
        if provider == "password":
            return redirect(url_for("PasswordView.login", next=request.args.get("next", "")))
        if provider is None and not (g.user is not None and g.user.is_authenticated):
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
        """Returns true if the stack has a user of this name with a password; an empty one, as Airflow gives it to others' users, is none."""
        is_named = func.lower(self.user_model.username) == func.lower(username)
        password = self.session.scalar(select(self.user_model.password).where(is_named))
        return bool(password) and not check_password_hash(password, "")

    def add_user(self, username, first_name, last_name, email, role=None, password="", hashed_password="", groups=None):
        """Adds a user; a provider's gets no password, and no mail address that another user has."""
        is_own = bool(password or hashed_password)
        if not is_own and self.find_user(email=email) is not None:
            email = f"{username}@email.notfound"
        user = super().add_user(username, first_name, last_name, email, role, password, hashed_password, groups)
        if not is_own:
            user.password = None
            self.update_user(user)
        return user

    def reset_password(self, userid, password):
        """Refuses a password for a provider's user, who could log in with it after the provider has dismissed them."""
        user = self.get_user_by_id(userid)
        if user is not None and not user.password:
            abort(403, "The user logs in at the provider, and has no password here.")
        return super().reset_password(userid, password)

    def get_roles_from_keys(self, role_keys):
        roles = super().get_roles_from_keys([key_of(group) for group in role_keys])
        if not roles:
            log.warning("None of these groups has a role: %s", role_keys)
        return roles

    def with_roles(self, user):
        """Returns the user that a provider has let in; none if no group of theirs has a role."""
        roles = set(given["roles"].values())
        if user is None or any(role.name in roles for role in user.roles):
            return user
        log.warning("%s may not log in: none of their groups has a role", user.username)
        return None

    def auth_user_ldap(self, username, password, rotate_session_id=True):
        # A directory ignores spaces at the ends of a name, which would make a second user.
        if not username or username != username.strip():
            return None
        if self.is_own(username):
            return self.auth_user_db(username, password, rotate_session_id)
        return self.with_roles(super().auth_user_ldap(username, password, rotate_session_id))

    def _search_ldap(self, client, connection, username):
        """Finds a person with their groups, also if they have none, or if the directory spells the attribute otherwise."""
        name, found = super()._search_ldap(client, connection, username)
        if name is not None:
            by_name = {attribute.casefold(): values for attribute, values in found.items()}
            found[self.auth_ldap_group_field] = by_name.get(self.auth_ldap_group_field.casefold(), [])
        return name, found

    def auth_user_oauth(self, userinfo, rotate_session_id=True):
        if self.is_own(userinfo["username"]):
            log.warning("%s may not log in at the provider: the stack has a user of this name", userinfo["username"])
            return None
        return self.with_roles(super().auth_user_oauth(userinfo, rotate_session_id))

    def set_oauth_session(self, provider, oauth_response):
        """Keeps the provider's tokens out of the session, where nothing uses them after the login."""

    def get_oauth_user_info(self, provider, resp):
        """Reads a user from an ID token, whose signature, issuer and audience are checked, or from the provider's user endpoint.

        :raises ValueError: if the provider tells no name, keeps the groups elsewhere, or answers for another user
        """
        claims = resp["userinfo"]
        if oidc["user"] not in claims or oidc["groups"] not in claims:
            further = self.oauth_remotes[provider].userinfo(token=resp)
            if further["sub"] != claims["sub"]:
                raise ValueError("the provider's user endpoint answers for another user")
            claims = {**further, **claims}
        name, groups = claims.get(oidc["user"]), claims.get(oidc["groups"])
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"the provider tells no {oidc['user']}; expected one of its claims in login.oidc.user: {sorted(claims)}")
        if groups is None and oidc["groups"] in (claims.get("_claim_names") or {}):
            raise ValueError(
                f"the provider does not list the groups of {name}, which are too many for a token (Entra ID: more than 200); "
                "expected only the groups that are assigned to the application, or its roles, with login.oidc.groups: roles"
            )
        listed = groups if isinstance(groups, list) else [groups]
        return {
            "username": name.strip(),
            "email": claims.get("email") or "",
            "first_name": claims.get("given_name") or "",
            "last_name": claims.get("family_name") or "",
            "role_keys": [group for group in listed if isinstance(group, str)],
        }


SECURITY_MANAGER_CLASS = SecurityManager
AUTH_TYPE = AUTH_OAUTH if oidc else AUTH_LDAP
AUTH_USER_REGISTRATION = True
# Has no permission.
AUTH_USER_REGISTRATION_ROLE = "Public"
AUTH_ROLES_MAPPING = {}
for group, role in given["roles"].items():
    AUTH_ROLES_MAPPING.setdefault(key_of(group), []).append(role)
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
                "client_kwargs": {
                    "scope": " ".join(oidc["scopes"]),
                    "code_challenge_method": "S256",
                    "default_timeout": PATIENCE,
                },
            },
        }
    ]

if directory:
    AUTH_LDAP_SERVER = directory["url"]
    # The password of a person never crosses the network in the clear.
    AUTH_LDAP_USE_TLS = directory["url"].startswith("ldap://")
    AUTH_LDAP_TLS_DEMAND = True
    AUTH_LDAP_TLS_CACERTFILE = os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    AUTH_LDAP_BIND_USER = directory["bind"]
    AUTH_LDAP_BIND_PASSWORD = secret
    AUTH_LDAP_SEARCH = directory["search"]
    AUTH_LDAP_SEARCH_FILTER = directory.get("filter", "")
    AUTH_LDAP_UID_FIELD = directory["user"]
    AUTH_LDAP_GROUP_FIELD = directory["groups"]
