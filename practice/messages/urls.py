from django.urls import path

from practice.messages import views

urlpatterns = [
    path("", views.messages, name="messages"),
    path("again/", views.messages_again, name="messages_again"),
    path("answer/<str:token>/", views.message_answer, name="message_answer"),
    path("<uuid:pk>/", views.message, name="message"),
    path("<uuid:pk>/again/", views.message_again, name="message_again"),
    path("<uuid:pk>/whatsapp/", views.message_whatsapp, name="message_whatsapp"),
]
