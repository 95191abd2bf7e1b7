from django.urls import path

from programs.goals import views

urlpatterns = [
    path("<uuid:pk>/goals/", views.goals, name="goals"),
    path("<uuid:pk>/goals/new/", views.goal_new, name="goal_new"),
    path("<uuid:pk>/goals/preview/", views.goal_preview, name="goal_preview"),
    path("<uuid:pk>/goals/rate/", views.goals_rate, name="goals_rate"),
    path("<uuid:pk>/goals/new-set/", views.goal_set_start, name="goal_set_start"),
    path("<uuid:pk>/goals/agree/", views.goal_set_agree, name="goal_set_agree"),
    path("<uuid:pk>/goals/<uuid:goal>/", views.goal_edit, name="goal_edit"),
    path("<uuid:pk>/goals/<uuid:goal>/remove/", views.goal_remove, name="goal_remove"),
    path("<uuid:pk>/my-goals/", views.own_goals, name="own_goals"),
    path("<uuid:pk>/my-goals/agree/", views.own_goals_agree, name="own_goals_agree"),
    path("<uuid:pk>/my-goals/rate/", views.own_goals_rate, name="own_goals_rate"),
    path("<uuid:pk>/my-goals/after/<int:number>/", views.own_check, name="own_goals_check"),
]
