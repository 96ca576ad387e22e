from django.urls import path

from agents import api, usage_api

urlpatterns = [
    path("runs/<str:run_id>/cancel/", api.RunCancelView.as_view(), name="run-cancel"),
    path("keys/<uuid:key_id>/usage/", usage_api.KeyUsageView.as_view(), name="key-usage"),
]
