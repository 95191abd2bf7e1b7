"""Health: one address that needs nothing, one that needs everything."""

from datetime import timedelta

from django.utils import timezone

from practice.messages.actions import show_life
from practice.people.practices import zone_known


def test_alive_asks_no_database(client, monkeypatch):
    monkeypatch.setattr(zone_known, "name", None)  # as in a process that has just begun

    assert client.get("/healthz").status_code == 200  # without the `db` fixture a query raises


def test_ready_needs_a_worker_that_showed_itself_lately(client, db):
    assert client.get("/readyz").json()["worker"] == "silent"

    show_life(now=timezone.now() - timedelta(minutes=2))
    assert client.get("/readyz").status_code == 503

    show_life(now=timezone.now())
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"database": "ok", "migrations": "ok", "worker": "ok"},
    )
