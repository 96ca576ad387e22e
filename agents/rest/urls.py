from django.urls import path

from agents.rest import catalogue, estimates, runs, usage

urlpatterns = [
    path("models/", catalogue.ModelsView.as_view(), name="model-list"),
    path("agents/", catalogue.AgentsView.as_view(), name="agent-list"),
    path("voices/", catalogue.VoicesView.as_view(), name="voice-list"),
    path("media/", catalogue.MediaView.as_view(), name="media-options"),
    path("estimate/", estimates.EstimateView.as_view(), name="estimate"),
    path("runs/<str:run_id>/cancel/", runs.RunCancelView.as_view(), name="run-cancel"),
    path("keys/<uuid:key_id>/usage/", usage.KeyUsageView.as_view(), name="key-usage"),
]
