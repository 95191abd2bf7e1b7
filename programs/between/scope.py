"""Which session a person may open between two meetings, and as whom: as everywhere in a program."""

from programs.sessions.scope import client_in, led_session, own_program, own_session, written_session

__all__ = ["client_in", "led_session", "own_program", "own_session", "written_session"]
