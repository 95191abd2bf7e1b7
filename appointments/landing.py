"""The way in: the landing page with the guide, and the pages about services and counselors."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_not_required
from django.db.models import Prefetch
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from appointments.guide import CONSULTATION, PROGRAM, QUESTIONS, UNSURE, answers_in, recommend
from appointments.times import NextTimes, coming_weeks, first_start, next_starts
from practice.calendar.slots import Openings
from practice.catalog.models import Kind, Service
from practice.people.consents import CURRENT, text_of
from practice.people.counselors import Counselor, SpokenLanguage

KIND_OF = {CONSULTATION: Kind.CONSULTATION, PROGRAM: Kind.INITIAL}
ON_LANDING = 3
ON_CARD = 3
ON_PROFILE = 5


@dataclass
class Door:
    """One of the two ways in: its services, and what is free in the first of them within four weeks."""

    need: str
    services: list[Service]
    openings: Openings | None

    @property
    def service(self) -> Service | None:
        """The service that the door leads to first."""
        return self.services[0] if self.services else None

    @property
    def price_from(self) -> int:
        return min(service.price for service in self.services)

    @property
    def has_one_price(self) -> bool:
        return len({service.price for service in self.services}) == 1

    @property
    def earliest(self) -> datetime | None:
        return first_start(self.openings) if self.openings else None


def doors(request, *, now: datetime) -> dict[str, Door]:
    """Both ways in, in six statements however many services and counselors there are."""
    givers = Prefetch("counselors", Counselor.objects.listed().order_by("name", "pk"), to_attr="givers")
    found = [
        s for s in Service.objects.visible_to(request.user).public().for_listing().prefetch_related(givers) if s.givers
    ]
    return {need: door(need, [s for s in found if s.kind == kind], request, now=now) for need, kind in KIND_OF.items()}


def door(need: str, services: list[Service], request, *, now: datetime) -> Door:
    if not services:
        return Door(need, services, None)
    return Door(need, services, free_weeks(services[0], services[0].givers, request, now=now))


def free_weeks(service: Service, counselors, request, *, now: datetime) -> Openings:
    """What is free within four weeks. Somebody signed in is no new client."""
    zone = timezone.get_current_timezone()
    return coming_weeks(service, counselors, zone, is_new_client=not request.user.is_authenticated, now=now)


@login_not_required
@require_safe
def landing(request):
    """Which of the two fits, who is there, and how it works."""
    ways = doors(request, now=timezone.now())
    context = {"doors": ways, "people": soonest(ways.values(), most=ON_LANDING)}
    return render(request, "appointments/landing.html", context)


def soonest(ways, *, most: int) -> list[NextTimes]:
    """The counselors who are free first, each with their next times."""
    people: dict = {}
    for way in ways:
        for counselor in way.service.givers if way.service else ():
            starts = next_starts(way.openings, counselor.pk, most=ON_CARD, zone=timezone.get_current_timezone())
            if starts and counselor.pk not in people:
                people[counselor.pk] = NextTimes(counselor, way.service, starts)
    return sorted(people.values(), key=lambda person: (person.starts[0], person.counselor.name))[:most]


# --- The guide -----------------------------------------------------------------------------------------------------


@login_not_required
@require_safe
def guide(request):
    """Lead to one of the two ways in: at once for who knows it, by at most three questions for who does not."""
    need = request.GET.get("need")
    if need == UNSURE:
        return questions(request)
    ways = doors(request, now=timezone.now())
    if need not in ways or not ways[need].services:
        return render(request, "appointments/guide.html", {"doors": ways, "is_unanswered": "asked" in request.GET})
    if len(ways[need].services) == 1:
        return redirect("book_time", ways[need].service.slug)
    return render(request, "appointments/guide_services.html", {"door": ways[need], "other": other(ways, need)})


def other(ways: dict[str, Door], need: str) -> Door:
    return ways[PROGRAM if need == CONSULTATION else CONSULTATION]


def questions(request):
    """The next question, or what the answers point to."""
    answers = answers_in(request.GET)
    found = recommend(answers)
    given = [(question.name, answer.word) for question, answer in zip(QUESTIONS, answers, strict=False)]
    if found is None:
        question = QUESTIONS[len(answers)]
        context = {
            "question": question,
            "number": len(answers) + 1,
            "given": given,
            "before": given[:-1] if given else None,
            "is_unanswered": request.GET.get("asked") == question.name,
        }
        return render(request, "appointments/guide_question.html", context)
    ways = doors(request, now=timezone.now())
    context = {"found": found, "door": ways[found.need], "other": other(ways, found.need), "before": given[:-1]}
    return render(request, "appointments/guide_result.html", context)


# --- Services ------------------------------------------------------------------------------------------------------


@login_not_required
@require_safe
def services(request):
    """Everything that can be booked, by the two ways in."""
    return render(request, "appointments/services.html", {"doors": doors(request, now=timezone.now())})


@login_not_required
@require_safe
def service(request, slug):
    """What happens in it, who gives it, what it costs, and until when it can be changed."""
    found = get_object_or_404(Service.objects.visible_to(request.user).public(), slug=slug)
    counselors = list(found.counselors.listed().for_listing())
    openings = free_weeks(found, counselors, request, now=timezone.now())
    context = {"service": found, "counselors": counselors, "earliest": first_start(openings)}
    return render(request, "appointments/service.html", context)


# --- Counselors ----------------------------------------------------------------------------------------------------


@login_not_required
@require_safe
def counselors(request):
    """Everybody who can be booked, with their next times; narrowed by topic and language."""
    everybody = list(Counselor.objects.visible_to(request.user).listed().for_listing())
    topic, language = request.GET.get("topic", ""), request.GET.get("language", "")
    found = [
        counselor
        for counselor in everybody
        if (not topic or topic in {each.slug for each in counselor.topics.all()})
        and (not language or language in counselor.languages)
    ]
    ways = [way for way in doors(request, now=timezone.now()).values() if way.service]
    context = {
        "people": [with_next_times(counselor, ways, most=ON_CARD) for counselor in found],
        "topics": sorted({each for c in everybody for each in c.topics.all()}, key=str),
        "languages": [
            (code, name) for code, name in SpokenLanguage.choices if any(code in c.languages for c in everybody)
        ],
        "topic": topic,
        "language": language,
    }
    return render(request, "appointments/counselors.html", context)


def with_next_times(counselor: Counselor, ways: list[Door], *, most: int) -> NextTimes:
    """The counselor with the next times in the first of the ways that they give."""
    for way in ways:
        if counselor.pk in way.openings.free:
            starts = next_starts(way.openings, counselor.pk, most=most, zone=timezone.get_current_timezone())
            return NextTimes(counselor, way.service, starts)
    return NextTimes(counselor, None, [])


@login_not_required
@require_safe
def counselor(request, slug):
    """Who they are, how they work, and their next five free times."""
    found = get_object_or_404(Counselor.objects.visible_to(request.user).listed().for_listing(), slug=slug)
    offered = list(found.services.public().for_listing())
    times = NextTimes(found, None, [])
    if offered:
        openings = free_weeks(offered[0], [found], request, now=timezone.now())
        starts = next_starts(openings, found.pk, most=ON_PROFILE, zone=timezone.get_current_timezone())
        times = NextTimes(found, offered[0], starts)
    today = timezone.localdate()
    context = {
        "counselor": found,
        "services": offered,
        "times": times,
        "licences": [licence for licence in found.licences.all() if licence.expires_on >= today],
    }
    return render(request, "appointments/counselor.html", context)


# --- Consent -------------------------------------------------------------------------------------------------------


@login_not_required
@require_safe
def consent(request, purpose):
    """The full text that is agreed to, in its current version."""
    if purpose not in CURRENT:
        raise Http404
    text = text_of(purpose, translation.get_language())
    context = {"sentences": text, "version": CURRENT[purpose], "is_guardian": purpose == "guardian"}
    return render(request, "appointments/consent.html", context)
