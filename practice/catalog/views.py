"""Setting up the practice, its services, places, rooms and topics: a list and a form each."""

from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from practice.catalog.editing import bound, delete, edit
from practice.catalog.forms import LocationForm, PracticeForm, RoomForm, ServiceForm, TopicForm
from practice.catalog.models import Kind, Location, Mode, Room, Service
from practice.people.models import Counselor, Practice, Topic
from practice.people.policies import may, requires

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@requires("practice", "edit")
@form_methods
def practice(request):
    form = bound(request, PracticeForm, instance=Practice.current())
    return edit(request, form, template="catalog/practice_form.html", done=reverse("settings"))


@requires("service", "read")
@require_safe
def services(request):
    """Every service, with what keeps it from being booked."""
    listed = Count("counselors", filter=Q(counselors__is_listed=True), distinct=True)
    rooms = Count("rooms", filter=Q(rooms__is_open=True, rooms__location__is_open=True), distinct=True)
    found = Service.objects.visible_to(request.user).for_listing().annotate(listed=listed, open_rooms=rooms)
    bookable = set(Service.objects.public().values_list("pk", flat=True))
    for service in found:
        service.is_bookable_online = service.pk in bookable
        service.has_no_room = service.modes == [Mode.IN_PERSON] and not service.open_rooms
    context = {"services": found, "may_edit": may(request.user, "edit", "service")}
    return render(request, "catalog/services.html", context)


@requires("service", "edit")
@form_methods
def service_new(request):
    return _service_form(request, Service(kind=Kind.CONSULTATION, modes=[Mode.VIDEO]))


@requires("service", "edit")
@form_methods
def service_edit(request, slug):
    service = get_object_or_404(Service.objects.visible_to(request.user), slug=slug)
    return _service_form(request, service, delete_url=reverse("settings_service_delete", args=[slug]))


@requires("service", "edit")
@form_methods
def service_delete(request, slug):
    service = get_object_or_404(Service.objects.visible_to(request.user), slug=slug)
    edit_url = reverse("settings_service", args=[slug])
    return delete(request, service, done=reverse("settings_services"), edit_url=edit_url)


def _service_form(request, service, **context):
    form = bound(
        request,
        ServiceForm,
        instance=service,
        counselors=Counselor.objects.visible_to(request.user).order_by("name", "pk"),
        rooms=Room.objects.visible_to(request.user).for_listing(),
    )
    return edit(request, form, template="catalog/service_form.html", done=reverse("settings_services"), **context)


@requires("place", "read")
@require_safe
def places(request):
    found = Location.objects.visible_to(request.user).annotate(room_count=Count("rooms")).order_by("name", "pk")
    context = {"places": found, "may_edit": may(request.user, "edit", "place")}
    return render(request, "catalog/places.html", context)


@requires("place", "edit")
@form_methods
def place_new(request):
    return _place_form(request, Location(time_zone=Practice.current().time_zone))


@requires("place", "edit")
@form_methods
def place_edit(request, pk):
    place = get_object_or_404(Location.objects.visible_to(request.user), pk=pk)
    return _place_form(request, place, delete_url=reverse("settings_place_delete", args=[pk]))


@requires("place", "edit")
@form_methods
def place_delete(request, pk):
    place = get_object_or_404(Location.objects.visible_to(request.user), pk=pk)
    edit_url = reverse("settings_place", args=[pk])
    return delete(request, place, done=reverse("settings_places"), edit_url=edit_url)


def _place_form(request, place, **context):
    form = bound(request, LocationForm, instance=place)
    return edit(request, form, template="catalog/place_form.html", done=reverse("settings_places"), **context)


@requires("room", "read")
@require_safe
def rooms(request):
    """Rooms, place by place."""
    found = Room.objects.visible_to(request.user).for_listing().annotate(service_count=Count("services"))
    has_places = Location.objects.visible_to(request.user).exists()
    context = {"rooms": found, "has_places": has_places, "may_edit": may(request.user, "edit", "room")}
    return render(request, "catalog/rooms.html", context)


@requires("room", "edit")
@form_methods
def room_new(request):
    return _room_form(request, Room())


@requires("room", "edit")
@form_methods
def room_edit(request, pk):
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    return _room_form(request, room, delete_url=reverse("settings_room_delete", args=[pk]))


@requires("room", "edit")
@form_methods
def room_delete(request, pk):
    room = get_object_or_404(Room.objects.visible_to(request.user), pk=pk)
    return delete(request, room, done=reverse("settings_rooms"), edit_url=reverse("settings_room", args=[pk]))


def _room_form(request, room, **context):
    places = Location.objects.visible_to(request.user).order_by("name", "pk")
    form = bound(request, RoomForm, instance=room, places=places)
    return edit(request, form, template="catalog/room_form.html", done=reverse("settings_rooms"), **context)


@requires("counselor", "edit")
@require_safe
def topics(request):
    found = Topic.objects.annotate(counselor_count=Count("counselor")).order_by("name_id", "pk")
    return render(request, "catalog/topics.html", {"topics": found})


@requires("counselor", "edit")
@form_methods
def topic_new(request):
    return _topic_form(request, Topic())


@requires("counselor", "edit")
@form_methods
def topic_edit(request, slug):
    topic = get_object_or_404(Topic.objects.all(), slug=slug)
    return _topic_form(request, topic, delete_url=reverse("settings_topic_delete", args=[slug]))


@requires("counselor", "edit")
@form_methods
def topic_delete(request, slug):
    topic = get_object_or_404(Topic.objects.all(), slug=slug)
    edit_url = reverse("settings_topic", args=[slug])
    return delete(request, topic, done=reverse("settings_topics"), edit_url=edit_url)


def _topic_form(request, topic, **context):
    form = bound(request, TopicForm, instance=topic)
    return edit(request, form, template="catalog/topic_form.html", done=reverse("settings_topics"), **context)
