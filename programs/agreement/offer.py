"""What is offered, in words: the very sections that the client reads, signs and keeps."""

import hashlib
from dataclasses import dataclass, field

from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from appointments.templatetags.appointments import span
from practice import formats
from practice.people.accounts import User
from practice.people.consents import CURRENT, text_of
from practice.people.practices import Practice
from practice.records.actions import read_together
from practice.records.fields import EncryptedTextField, Sealed
from practice.records.models import encrypted_fields
from programs.goals.models import Goal
from programs.plan.models import AbsenceRule, Plan, PlanStatus, Program
from programs.sessions.models import Session


@dataclass(frozen=True)
class Section:
    """A part of the offer under its heading: paragraphs, then a list."""

    key: str
    heading: str
    lines: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


@dataclass
class Offer:
    """A plan with all that it says, fetched together; `before` is the plan that holds now, if this one changes it.

    `marks` tell whether any of it has changed since it was fetched, without opening it.
    """

    program: Program
    plan: Plan
    sessions: list[Session] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    before: Plan | None = None

    @property
    def rows(self) -> list[list]:
        return [[self.program], [self.plan], self.sessions, self.goals]

    @property
    def clients(self) -> list:
        return [member.client for member in self.program.members.all()]

    @property
    def helpers(self) -> list:
        return list(self.program.co_counselors.all())

    def marks(self) -> list[tuple]:
        return [_mark(row, name) for rows in self.rows for row in rows for name in _texts_of(row)] + [
            (self.plan.planned_sessions, self.plan.pace_days, self.plan.price, self.plan.method_id),
            (self.plan.minutes, self.plan.free_cancel, self.plan.free_move),
            tuple(client.pk for client in self.clients),
            tuple((each.pk, each.full_name) for each in (self.program.counselor, *self.helpers)),
            tuple((goal.pk, goal.weight, goal.baseline, goal.target_on) for goal in self.goals),
        ]


def _texts_of(row) -> list[str]:
    return [text.attname for text in encrypted_fields(type(row)) if isinstance(text, EncryptedTextField)]


def _mark(row, name: str) -> tuple:
    value = row.__dict__[name]
    return (row.pk, name, value.digest() if isinstance(value, Sealed) else value)


def fetch_offer(plan: Plan) -> Offer:
    """The plan with everything it says, sealed. A change of a running program says less than a first proposal."""
    program = Program.objects.for_page().get(pk=plan.program_id)
    plan = Plan.objects.select_related("method").get(pk=plan.pk)
    plan.program = program
    offer = Offer(program, plan)
    if plan.cause != Plan.Cause.PROPOSAL:
        offer.before = standing_plan(program)
        return offer
    if plan.status == PlanStatus.DRAFT:
        plan.take_terms()
    offer.sessions = list(program.sessions.filter(number__lte=plan.planned_sessions).order_by("number"))
    offer.goals = list(Goal.objects.of(program).filter(goal_set__number=1))
    for session in offer.sessions:
        session.program = program
    for goal in offer.goals:
        goal.goal_set.program = program
    return offer


def standing_plan(program: Program) -> Plan | None:
    """The plan that holds now: the newest that was signed. Its texts stay sealed."""
    signed = program.plans.filter(status=PlanStatus.SIGNED).select_related("method")
    return signed.order_by("number").last()


def open_offer(offer: Offer, *, by: User, reason: str, request=None) -> Offer:
    """The same offer with its texts opened, after the trail says who reads them. Never inside a transaction."""
    read_together(offer.rows, by=by, reason=reason, request=request, knowing=[offer.program])
    return offer


# --- In words --------------------------------------------------------------------------------------------------------


def text_in(offer: Offer, language: str) -> str:
    """The offered text in a language, word for word as it is signed. The offer is open."""
    with override(language):
        parts = []
        for section in sections_of(offer):
            items = [f"– {item}" for item in section.items]
            parts.append("\n".join([section.heading.upper(), *section.lines, *items]))
    return "\n\n".join(parts) + "\n"


def hash_of(text: str) -> str:
    """SHA-256 of a text, as 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def sections_of(offer: Offer) -> list[Section]:
    """The parts of the offer in the active language, in the order in which they are read. The offer is open."""
    if offer.plan.cause != Plan.Cause.PROPOSAL:
        return _sections_of_change(offer)
    plan = offer.plan
    found = [
        Section("what", offer.program.title, _who(offer)),
        Section("problem", _("What it is about"), (offer.program.problem,)) if offer.program.problem else None,
        Section("way", _("The way"), _way(offer), tuple(_station(session) for session in offer.sessions)),
        Section("method", _("How we work"), (f"{plan.method.name}. {plan.method.purpose}",)),
        Section("goals", _("Your goals"), *_goals(offer)),
        Section("reviews", _("Looking back together"), (_reviews(plan),)),
        Section("ending", _("The ending"), (_ending(),)),
        Section("cost", _("What it costs"), _cost(plan), ()),
        Section("rules", _("If a session does not take place"), (), _rules(plan)),
        Section("silent", _("If I fall silent"), (plan.if_silent,)) if plan.if_silent else None,
        Section("not", _("What this is not"), (), _is_not()),
        Section("reads", _("Who reads what"), (), _reads(offer)),
        Section("free", _("You stay free"), (_free(),)),
        Section("consents", _("What you are asked to agree to"), (), _consents(plan)),
    ]
    return [section for section in found if section]


def _who(offer):
    names = _(" and ").join(client.preferred_name for client in offer.clients)
    return (
        _("For %(names)s, with %(counselors)s.") % {"names": names, "counselors": _counselors(offer)},
        *_helping(offer),
        _("%(practice)s offers you a counseling program: several meetings with a method, goals and a planned ending.")
        % {"practice": Practice.current().name},
    )


def _counselors(offer):
    return _joined([offer.program.counselor, *offer.helpers])


def _joined(counselors):
    return _(" and ").join(each.full_name for each in counselors)


def _helping(offer):
    if not offer.helpers:
        return ()
    words = ngettext(
        "%(lead)s leads the program, and %(helpers)s helps.",
        "%(lead)s leads the program, and %(helpers)s help.",
        len(offer.helpers),
    )
    return (words % {"lead": offer.program.counselor.full_name, "helpers": _joined(offer.helpers)},)


def _way(offer):
    plan, service = offer.plan, offer.program.service
    facts = {"count": plan.planned_sessions, "length": formats.minutes(plan.minutes), "pace": pace_text(plan)}
    return (
        _("%(count)d sessions of %(length)s, %(pace)s.") % facts,
        _("How we meet: %(modes)s.") % {"modes": ", ".join(str(mode) for mode in service.mode_names)},
    )


def pace_text(plan: Plan) -> str:
    """How often sessions are, in words."""
    if plan.pace_days == 7:
        return _("about once a week")
    if plan.pace_days == 14:
        return _("about every two weeks")
    return ngettext("about every day", "about every %(days)d days", plan.pace_days) % {"days": plan.pace_days}


def _station(session):
    aim = session.aim or _("We decide together what it is for.")
    return _("Session %(number)d: %(aim)s") % {"number": session.number, "aim": aim}


def _goals(offer):
    if not offer.goals:
        return ((_("We write your goals together in the first session, in your own words."),), ())
    lines = (_("In your own words. Tell your counselor if they should read differently."),)
    return (lines, tuple(_goal(goal) for goal in offer.goals))


def _goal(goal):
    words = [goal.words.rstrip(".") + "."]
    if goal.why:
        words.append(_("Why it matters: %(why)s") % {"why": goal.why.rstrip(".") + "."})
    words.append(_("How we both see it: %(indicator)s") % {"indicator": goal.indicator.rstrip(".") + "."})
    words.append(_("Reached as expected: %(level)s") % {"level": goal.expected.rstrip(".") + "."})
    if goal.target_on:
        words.append(_("By %(day)s.") % {"day": formats.day(goal.target_on)})
    return " ".join(words)


def _reviews(plan):
    points = _(" and ").join(str(point) for point in plan.review_after)
    if not points:
        return _("At the end we look together at what has changed.")
    words = ngettext(
        "After session %(points)s we look together at what has changed, what helps and what does not. "
        "Then we go on, add sessions, change the method or end.",
        "After sessions %(points)s we look together at what has changed, what helps and what does not. "
        "Then we go on, add sessions, change the method or end.",
        len(plan.review_after),
    )
    return words % {"points": points}


def _ending():
    return _(
        "The ending is planned: in the last sessions we gather what you have reached and what you take along. "
        "If your goals are reached earlier, we end earlier, and sessions that are not needed cost nothing."
    )


def _cost(plan):
    total = formats.rupiah(plan.price * plan.planned_sessions)
    if not plan.price:
        return (_("Free of charge."),)
    return (
        _("%(price)s a session.") % {"price": formats.rupiah(plan.price)},
        _("%(total)s for all %(count)d sessions, paid session by session.")
        % {"total": total, "count": plan.planned_sessions},
    )


def rule_text(rule: str) -> str:
    """What a session that did not take place means, in words for the client."""
    if rule == AbsenceRule.COUNTS:
        return _("it counts as one of the planned sessions, and its price is still due")
    return _("it is replaced by another session")


def _rules(plan):
    limits = {"limit": span(plan.free_cancel), "move": span(plan.free_move)}
    if plan.free_move == plan.free_cancel:
        free = _("You can move or cancel a session free of charge until %(limit)s before it.")
    else:
        free = _(
            "You can cancel a session free of charge until %(limit)s before it, and move it until %(move)s before it."
        )
    return (
        free % limits,
        _("If you cancel later, %(rule)s.") % {"rule": rule_text(plan.late_cancel_rule)},
        _("If you do not come, %(rule)s.") % {"rule": rule_text(plan.missed_rule)},
        _("If your counselor or the practice calls it off, you lose nothing: it is held another time."),
    )


def _is_not():
    return (
        _("Not an emergency service. In danger, go to the nearest emergency department or ask someone to go with you."),
        _("Not advice that decides for you. You are helped to find your own answers."),
        _("Not a promise of a result. Change takes your part too, also between the sessions."),
        _("Not a medical treatment. Medicines are a doctor’s matter."),
    )


def _reads(offer):
    plan = offer.plan
    if offer.helpers:
        words = _("%(names)s read and write the records of this program. The records are stored encrypted.")
        first = words % {"names": _counselors(offer)}
    else:
        first = _("Your counselor reads and writes the records of this program. They are stored encrypted.")
    lines = [
        first,
        _("You see your goals, your tasks, shared summaries and what you wrote yourself."),
        _("Front desk and manager see times and numbers of sessions, never what you talk about."),
    ]
    if "supervision" in plan.consents_required:
        lines.append(_("Your counselor works with a supervisor, who reads the records too."))
    elif "supervision" in plan.consents_optional:
        lines.append(_("A supervisor reads the records only if you agree to it below."))
    return tuple(lines)


def _free():
    return _(
        "You may ask, decline, or stop at any time, without giving a reason. "
        "You may withdraw a consent later; your counselor then tells you what that means for the program."
    )


def _consents(plan):
    language = _language()
    asked = [(purpose, _("needed")) for purpose in plan.consents_required]
    asked += [(purpose, _("as you like")) for purpose in plan.consents_optional]
    return tuple(
        _("%(text)s (%(kind)s, version %(version)d)")
        % {"text": text_of(purpose, language), "kind": kind, "version": CURRENT[purpose]}
        for purpose, kind in asked
    )


def _language() -> str:
    """The active language as consents know it: "id" or "en"."""
    return "en" if (get_language() or "").startswith("en") else "id"


def _sections_of_change(offer):
    plan, before = offer.plan, offer.before
    added = plan.planned_sessions - before.planned_sessions
    if plan.cause == Plan.Cause.EXTENSION:
        heading = ngettext("%(count)d more session", "%(count)d more sessions", added) % {"count": added}
        changes = (
            _("Planned so far: %(count)d sessions.") % {"count": before.planned_sessions},
            _("With this change: %(count)d sessions.") % {"count": plan.planned_sessions},
        )
        cost = (
            _("%(total)s for %(count)d more sessions at %(price)s each.")
            % {"total": formats.rupiah(plan.price * added), "count": added, "price": formats.rupiah(plan.price)},
        )
    else:
        heading = _("Another way of working")
        changes = (
            _("So far: %(method)s.") % {"method": before.method.name},
            _("From now on: %(method)s.") % {"method": plan.method.name},
            plan.method.purpose,
        )
        cost = (_("The number of sessions and their price stay as they are."),)
    return [
        Section("what", heading, changes),
        Section("why", _("Why"), (plan.reason,)),
        Section("cost", _("What it costs"), cost),
        Section("stays", _("What stays"), (_stays(),)),
    ]


def _stays():
    return _(
        "Your goals, the rules on missed sessions and everything else stay as you signed them. "
        "If you decline, the program goes on as it is."
    )
