"""Guards the session cookies of Flask's pages; Airflow guards the cookie of its tokens likewise.

Nobody gets in by the remember cookie of Flask-Login, which Airflow never sets: the key that signs it is the one by which roles fetch each
other's logs, so workers have the key, too.

A browser sends the cookie of a session over TLS nowhere else. Airflow's setting for this would keep people from logging in at 127.0.0.1,
where the same webserver answers without TLS.
"""

from flask import request
from flask.sessions import SessionInterface
from flask_login import LoginManager

LoginManager._load_user_from_remember_cookie = lambda self, cookie: None

is_set = SessionInterface.get_cookie_secure
SessionInterface.get_cookie_secure = lambda self, app: request.is_secure or is_set(self, app)
