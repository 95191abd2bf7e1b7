from django.urls import path

from programs.between import views

urlpatterns = [
    path("sessions/<uuid:pk>/topics/", views.topics, name="topics"),
    path("sessions/<uuid:pk>/task/", views.task_report, name="task_report"),
    path("sessions/<uuid:pk>/reflection/", views.reflection, name="reflection"),
    path("sessions/<uuid:pk>/plan/", views.session_plan, name="session_plan"),
    path("sessions/<uuid:pk>/card/", views.card, name="card"),
    path("reflections/<uuid:pk>/share/", views.reflection_share, name="reflection_share"),
    path("<uuid:pk>/cards/", views.cards, name="cards"),
    path("<uuid:pk>/reflections/", views.reflections, name="reflections"),
    path("<uuid:pk>/reflections/shared/", views.reflections_shared, name="reflections_shared"),
]
