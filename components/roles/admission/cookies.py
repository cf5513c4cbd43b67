"""Lets nobody in by the remember cookie of Flask-Login, which Airflow never sets.

The key that signs it is the one by which roles fetch each other's logs, so workers have the key, too.
"""

from flask_login import LoginManager

LoginManager._load_user_from_remember_cookie = lambda self, cookie: None
