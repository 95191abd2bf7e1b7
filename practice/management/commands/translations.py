"""Collect, check and compile the translations, without GNU gettext."""

import ast
import io
import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polib
from babel.messages.extract import extract_python
from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation.template import templatize

# Where each function has its context, message and plural among its arguments.
FUNCTIONS = {
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
IN_TEMPLATES = {name: name for name in FUNCTIONS} | {"_": "gettext"}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|(?<!\{)\{\w*\}(?!\})")
HEADER = {
    "Project-Id-Version": "Benang",
    "Language": "id",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}


class Message(NamedTuple):
    """What identifies a message: polib's own key."""

    text: str
    context: str | None = None
    plural: str = ""


class Command(BaseCommand):
    help = "Collects, checks and compiles the Indonesian translations. Message ids are the English text."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--extract", action="store_true", help="collect the messages of all code and templates")
        parser.add_argument(
            "--merge", nargs="+", metavar="FILE", default=[], help="take translations from other .po files"
        )
        parser.add_argument(
            "--check", action="store_true", help="fail if anything is missing, fuzzy, unused or mismatched"
        )
        parser.add_argument(
            "--compile", action="store_true", help="write the .mo file, if it is older than the .po file"
        )

    def handle(self, *, extract, merge, check, compile, **options):
        if not (extract or merge or check or compile):
            raise CommandError("Say what to do: --extract, --merge, --check or --compile.")
        path = Path(settings.LOCALE_PATHS[0]) / "id" / "LC_MESSAGES" / "django.po"
        if extract:
            self.stdout.write(f"{extract_to(path)} messages in {path.relative_to(settings.BASE_DIR)}")
        for file in merge:
            for remark in merge_into(path, Path(file)):
                self.stdout.write(f"{file}: {remark}")
        if check and (faults := list(find_faults(path))):
            raise CommandError("\n".join(faults))
        if compile:
            compile_file(path)


# --- What the code says ---------------------------------------------------------------------------------------------


def collect() -> dict[Message, set[str]]:
    """Every message that our code and templates use, with the files that use it."""
    found = defaultdict(set)
    for path in source_files():
        for message in messages_in(path):
            found[message].add(path.relative_to(settings.BASE_DIR).as_posix())
    return found


def source_files() -> Iterator[Path]:
    """Our Python files and templates, but not what a tool wrote or only developers see."""
    ours = [Path(app.path) for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR]
    for root in [*ours, settings.BASE_DIR / "templates"]:
        for path in sorted(root.rglob("*")):
            is_code = path.suffix == ".py" and "migrations" not in path.parts
            is_template = path.suffix in {".html", ".txt", ".svg"} and "templates" in path.parts
            if is_code or is_template:
                yield path


def messages_in(path: Path) -> Iterator[Message]:
    source = path.read_text()
    if path.suffix == ".py":
        names = names_for_functions(source)
    else:
        names = IN_TEMPLATES
        # What is left of the template is no valid Python, but without indentation the tokenizer takes it.
        source = "\n".join(line.lstrip() for line in templatize(source, origin=str(path)).splitlines())
    if names:
        for _line, name, texts, _comments in extract_python(io.BytesIO(source.encode()), names, [], {}):
            texts = texts if isinstance(texts, tuple) else (texts,)
            context, text, plural = (None if at is None else texts[at] for at in FUNCTIONS[names[name]])
            if text:
                yield Message(text, context, plural or "")


def names_for_functions(source: str) -> dict[str, str]:
    """Under which names a Python file imported the translating functions."""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in FUNCTIONS
    }


# --- What the catalogue says ----------------------------------------------------------------------------------------


def read_catalogue(path: Path) -> polib.POFile:
    if path.exists():
        return polib.pofile(str(path), wrapwidth=110)
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = HEADER
    return catalogue


def by_message(catalogue: polib.POFile) -> dict[Message, polib.POEntry]:
    return {key(entry): entry for entry in catalogue if not entry.obsolete}


def key(entry: polib.POEntry) -> Message:
    return Message(entry.msgid, entry.msgctxt, entry.msgid_plural)


def extract_to(path: Path) -> int:
    """Write a catalogue of exactly the messages in use, keeping their translations; return how many there are."""
    known = by_message(read_catalogue(path))
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = HEADER
    for message, files in sorted(collect().items(), key=lambda found: (found[0].text, found[0].context or "")):
        old = known.get(message)
        entry = polib.POEntry(msgid=message.text, msgctxt=message.context, msgid_plural=message.plural)
        entry.occurrences = [(file, "") for file in sorted(files)]
        if message.plural:
            entry.msgstr_plural = dict(old.msgstr_plural) if old else {0: ""}
        elif old:
            entry.msgstr = old.msgstr
        if old and old.fuzzy:
            entry.flags.append("fuzzy")
        if PLACEHOLDER.search(message.text + message.plural):
            is_brace = "{" in message.text and "%(" not in message.text
            entry.flags.append("python-brace-format" if is_brace else "python-format")
        catalogue.append(entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path))
    return len(catalogue)


def merge_into(path: Path, other: Path) -> list[str]:
    """Take over the translations of another file. Return remarks: on what it changed, and what nobody uses."""
    catalogue = read_catalogue(path)
    ours, remarks = by_message(catalogue), []
    for message, theirs in by_message(polib.pofile(str(other))).items():
        mine = ours.get(message)
        if mine is None:
            remarks.append(f"nobody uses {message.text!r}")
        elif translation(theirs):
            if translation(mine) not in ("", translation(theirs)):
                remarks.append(f"{translation(mine)!r} becomes {translation(theirs)!r}")
            mine.msgstr, mine.msgstr_plural = theirs.msgstr, dict(theirs.msgstr_plural)
            mine.flags = [flag for flag in mine.flags if flag != "fuzzy"]
    catalogue.save(str(path))
    return remarks


def translation(entry: polib.POEntry) -> str:
    """The translation as one text; of a plural message, its only Indonesian form."""
    return entry.msgstr_plural.get(0, "") if entry.msgid_plural else entry.msgstr


def find_faults(path: Path) -> Iterator[str]:
    """Say what keeps the catalogue from being whole and right."""
    catalogue, used = read_catalogue(path), collect()
    entries = by_message(catalogue)
    for message in used.keys() - entries.keys():
        yield f"not extracted: {message.text!r} in {', '.join(sorted(used[message]))}"
    for message, entry in entries.items():
        if message not in used:
            yield f"used by nobody: {message.text!r}"
        elif entry.fuzzy:
            yield f"fuzzy: {message.text!r}"
        elif not translation(entry):
            yield f"not translated: {message.text!r}"
        elif placeholders(translation(entry)) not in (
            placeholders(message.text),
            placeholders(message.plural or message.text),
        ):
            yield f"other placeholders: {message.text!r} and {translation(entry)!r}"
    for entry in catalogue.obsolete_entries():
        yield f"used by nobody: {entry.msgid!r}"


def placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


def compile_file(path: Path) -> None:
    """Write the .mo file beside the .po file, unless it is newer; whole, even if several processes do so at once."""
    compiled = path.with_suffix(".mo")
    if not path.exists() or (compiled.exists() and compiled.stat().st_mtime_ns > path.stat().st_mtime_ns):
        return
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(polib.pofile(str(path)).to_binary())
    Path(draft).chmod(0o644)
    Path(draft).replace(compiled)
