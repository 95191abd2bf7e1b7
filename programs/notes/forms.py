"""What is typed into a note, beside it, and about it."""

from collections.abc import Iterable, Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from practice.people.clients import Client
from programs.between.forms import WordsField
from programs.library.models import NoteFormat
from programs.notes.formats import LABELS, PARTS, Writing

LONGEST = 20_000
CARD = ("done", "task", "next")


def words(label, rows=3, **kwargs) -> WordsField:
    return WordsField(label=label, rows=rows, most=LONGEST, **kwargs)


class NoteForm(forms.Form):
    """One note in one format, and the card that goes with it until it is shared.

    `goals` maps the keys of the program's goals to what they are called here; `people` are its clients if there are
    several: each has a part of their own. Without a format in the data, or with an unknown one, it is `shown`.
    """

    revision = forms.IntegerField(
        min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput(attrs={"autocomplete": "off"})
    )
    covered = words(_("Agenda covered"))
    technique = words(_("Technique used"), rows=2)
    goals = forms.MultipleChoiceField(
        label=_("Goals you worked on"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages={"invalid_choice": _("Choose goals of this program.")},
    )
    no_goals = forms.BooleanField(label=_("None of the goals in this session"), required=False)
    task = words(_("Home task"), rows=2)
    no_task = forms.BooleanField(label=_("No home task"), required=False)
    risk = words(
        _("Risk statement"),
        rows=2,
        help_text=_(
            "What you saw and asked about danger to anyone, and what was agreed; or that there was no sign of it."
        ),
    )

    def __init__(
        self, data=None, *, shown: str, goals: Mapping[str, str], people: Iterable[Client], card: bool, **kwargs
    ):
        super().__init__(data, **kwargs)
        self.format = self._format_in(data) or shown
        self.part_names = [f"part_{name}" for name in PARTS[NoteFormat(self.format)]]
        for field, name in zip(self.part_names, PARTS[NoteFormat(self.format)], strict=True):
            self.fields[field] = words(LABELS[name], rows=5)
        self.fields["goals"].choices = list(goals.items())
        if not goals:
            del self.fields["goals"]
        self.people = {f"person_{client.pk.hex}": client for client in people}
        for field, client in self.people.items():
            self.fields[field] = words(client.preferred_name)
        self.card_names = [f"card_{name}" for name in CARD] if card else []
        if card:
            self.fields["card_done"] = words(_("What we did"), rows=2)
            self.fields["card_task"] = words(_("Task until next time"), rows=2)
            self.fields["card_next"] = words(_("What comes next"), rows=2)

    @staticmethod
    def _format_in(data) -> str:
        wanted = data.get("format", "") if data else ""
        return wanted if wanted in NoteFormat.values else ""

    @property
    def parts(self):
        return [self[name] for name in self.part_names]

    @property
    def individual(self):
        return [self[name] for name in self.people]

    @property
    def card(self):
        return [self[name] for name in self.card_names]

    @property
    def writing(self) -> Writing:
        """What was typed, as the action takes it."""
        said = self.cleaned_data
        names = ("covered", "technique", "task", "risk", "no_task", "no_goals")
        return Writing(
            format=self.format,
            parts={name.removeprefix("part_"): said[name] for name in self.part_names},
            goals=tuple(said.get("goals", ())),
            individual={client.pk: said[name] for name, client in self.people.items()},
            **{name: said[name] for name in names},
        )

    @property
    def card_said(self) -> dict[str, str]:
        """What was typed into the card; empty if it is not written here."""
        return {name.removeprefix("card_"): self.cleaned_data[name] for name in self.card_names}


class RevisionForm(forms.Form):
    """The revision of a note that a page showed."""

    revision = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)


class AddendumForm(forms.Form):
    """What is added to a signed note, and why."""

    text = words(_("What is added"), rows=5)
    reason = words(_("Why it is added"), rows=2)
    text.hides_optional = reason.hides_optional = True  # both are needed; the action says so in its own words


class ReturnForm(RevisionForm):
    """What a supervisor asks to be changed."""

    comments = words(_("Comments for the author"), rows=4)


class ProcessNoteForm(RevisionForm):
    """A counselor's private note."""

    text = words(_("Your process note"), rows=12)
