"""Every act that the code records, and every reason for which a page opens something, is worded for people."""

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.urls import get_resolver
from django.utils import translation

from practice.calendar.models import Status
from practice.catalog.fields import RecordForm
from practice.records.models import encrypted_fields
from programs.trail.words import DEEDS, REASONS, THINGS, act_in_words

OURS = ["practice", "appointments", "programs"]
READERS = {"read", "read_together", "opened"}


def subclasses(cls):
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


def edited_models():
    assert get_resolver().url_patterns, "which imports every form"
    return {form._meta.model._meta.model_name for form in subclasses(RecordForm) if form._meta.model}


# Acts that are put together while running: how they are written in the code, and which they can be.
PUT_TOGETHER = {
    "f'meeting.{meeting.status}'": lambda: [f"meeting.{status}" for status in (Status.REQUESTED, Status.CONFIRMED)],
    "f'meeting.{how}'": lambda: ["meeting.declined", "meeting.expired"],
    "f'{obj._meta.model_name}.deleted'": lambda: [f"{name}.deleted" for name in edited_models()],
    "f\"{kept._meta.model_name}.{('made' if is_new else 'changed')}\"": lambda: [
        f"{name}.{deed}" for name in edited_models() for deed in ("made", "changed")
    ],
    "f'{rows[0]._meta.model_name}.read'": lambda: [
        f"{model._meta.model_name}.read" for model in apps.get_models() if encrypted_fields(model)
    ],
}


def modules():
    for app in OURS:
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield ast.parse(path.read_text())


def name_of(function):
    return getattr(function, "id", getattr(function, "attr", ""))


def strings_in(node):
    """Every text that an expression can be, whole; one that is put together is given as it is written."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield ast.unparse(node)
    elif isinstance(node, ast.IfExp):
        yield from strings_in(node.body)
        yield from strings_in(node.orelse)


def given(node, argument, position):
    """What a call hands over as this argument, if it does."""
    named = [keyword.value for keyword in node.keywords if keyword.arg == argument]
    return named or node.args[position : position + 1]


def passed_on(tree, name):
    """Functions of a module that take an act and hand it on, and at which position."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            positions = [place for place, each in enumerate(node.args.args) if each.arg == name]
            named = [each.arg for each in node.args.kwonlyargs]
            if positions or name in named:
                yield node.name, positions[0] if positions else 99


def acts_in(tree):
    """Every act that a module records: written in the call, kept in a variable, or handed to a function."""
    takers = dict(passed_on(tree, "act")) | {"record": 1, "event": 1}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in takers:
            for value in given(node, "act", takers[name_of(node.func)]):
                yield from strings_in(value)
        elif isinstance(node, ast.Assign) and [name_of(target) for target in node.targets] == ["act"]:
            yield from strings_in(node.value)


def reasons_in(tree):
    """Every reason for which a module opens something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in READERS:
            for value in [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "reason")]:
                yield from strings_in(value)
        elif isinstance(node, ast.Assign) and [name_of(target) for target in node.targets] in (["reason"], ["REASON"]):
            yield from strings_in(node.value)


def recorded():
    for tree in modules():
        for act in acts_in(tree):
            if act.startswith(("f'", 'f"')):
                assert act in PUT_TOGETHER, f"say in PUT_TOGETHER which acts {act} can be"
                yield from PUT_TOGETHER[act]()
            else:
                yield act


ACTS = sorted(set(recorded()))


def test_the_acts_of_the_code_are_found():
    assert len(ACTS) > 80
    assert {"meeting.moved", "attendance.corrected", "progressnote.read", "template.retired", "room.deleted"} <= {*ACTS}


@pytest.mark.parametrize("act", ACTS)
def test_every_act_is_worded(act):
    thing, _dot, deed = act.partition(".")

    assert thing in THINGS, f"programs/trail/words.py has no word for “{thing}”"
    assert deed in DEEDS, f"programs/trail/words.py has no word for “{deed}”"


def test_every_reason_of_a_page_is_worded():
    found = {reason for tree in modules() for reason in reasons_in(tree)}

    assert len(found) > 10
    assert found <= set(REASONS), found - set(REASONS)


def test_every_word_is_said_in_both_languages():
    for words in (THINGS, DEEDS, REASONS):
        for key, label in words.items():
            with translation.override("en"):
                english = str(label)
            with translation.override("id"):
                assert str(label) != english or label in ("Program",), key
            assert english


def test_an_act_that_nobody_worded_is_shown_by_its_own_name():
    assert act_in_words("telescope.polished") == "telescope: polished"
