"""The door for WSGI servers; `manage.py serve` runs Granian on it."""

import os

import django

from practice.database.patience import PATIENCE, Connection
from practice.database.server import HEAL_PATIENCE, Server
from practice.pages.requests import Handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")

Server.patience = HEAL_PATIENCE  # a visitor rather reads that we are away than waits a minute
Connection.patience = PATIENCE
django.setup(set_prefix=False)
application = Handler()
