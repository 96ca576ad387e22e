from django.urls import path

from agents.api import RunCancelView

urlpatterns = [
    path("runs/<uuid:run_id>/cancel/", RunCancelView.as_view(), name="run-cancel"),
]
