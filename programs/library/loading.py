"""Bring the methods and templates that come with Benang into the library. They lie as JSON files in ours/."""

import json
from datetime import datetime
from pathlib import Path

from django.db import transaction

from practice.records.actions import record
from programs.library.actions import Draft, add_version, as_said, says
from programs.library.models import OUTLINE, Method, Template

OURS = Path(__file__).parent / "ours"


@transaction.atomic
def load_library(*, now: datetime) -> dict[str, int]:
    """Add what is missing. What a practice has changed, renamed or laid aside stays as it is.

    A template of ours that says something new gets a further version, unless somebody here has edited it. Loading
    again changes nothing. Return how many "methods", "templates" and "versions" were added.
    """
    added = {"methods": 0, "templates": 0, "versions": 0}
    for fields in our_methods():
        _method, is_new = Method.objects.get_or_create(slug=fields.pop("slug"), defaults=fields)
        added["methods"] += is_new
    methods = {method.slug: method for method in Method.objects.all()}
    for slug, method, fields in our_templates():
        draft = Draft(method=methods[method], **fields)
        template, is_new = Template.objects.get_or_create(slug=slug)
        if is_new:
            add_version(template, 1, draft, by=None, now=now)
            added["templates"] += 1
            continue
        newest = template.versions.select_related("method").order_by("-number").first()
        if newest.created_by_id is None and says(newest) != as_said(draft):
            add_version(template, newest.number + 1, draft, by=None, now=now)
            added["versions"] += 1
    if any(added.values()):
        record(None, "library.loaded", now=now, **added)
    return added


def our_methods() -> list[dict]:
    """The fields of each method of ours."""
    return [_by_language(fields) for fields in json.loads((OURS / "methods.json").read_text("utf-8"))]


def our_templates() -> list[tuple[str, str, dict]]:
    """Slug, method and the further fields of a Draft, for each template of ours, in the order of their file names."""
    found = []
    for path in sorted((OURS / "templates").glob("*.json")):
        fields = _by_language(json.loads(path.read_text("utf-8")))
        sessions = [_by_language({name: row.get(name, ["", ""]) for name in OUTLINE}) for row in fields["sessions"]]
        fields |= {"sessions": sessions, "planned_sessions": len(sessions)}
        found.append((path.stem, fields.pop("method"), fields))
    return found


def _by_language(fields: dict) -> dict:
    """{"title": ["Judul", "Title"]} as {"title_id": "Judul", "title_en": "Title"}; what is no pair stays."""
    flat = {}
    for name, value in fields.items():
        if isinstance(value, list) and all(isinstance(text, str) for text in value):
            flat |= dict(zip((f"{name}_id", f"{name}_en"), value, strict=True))
        else:
            flat[name] = value
    return flat
