from django.urls import path

from agents.api import RunCancelView

urlpatterns = [
    path("runs/<str:run_id>/cancel/", RunCancelView.as_view(), name="run-cancel"),
]
