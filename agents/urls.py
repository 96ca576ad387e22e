from django.urls import path

from agents import api, estimate_api, models_api, usage_api

urlpatterns = [
    path("models/", models_api.ModelsView.as_view(), name="model-list"),
    path("agents/", models_api.AgentsView.as_view(), name="agent-list"),
    path("voices/", models_api.VoicesView.as_view(), name="voice-list"),
    path("media/", models_api.MediaView.as_view(), name="media-options"),
    path("estimate/", estimate_api.EstimateView.as_view(), name="estimate"),
    path("runs/<str:run_id>/cancel/", api.RunCancelView.as_view(), name="run-cancel"),
    path("keys/<uuid:key_id>/usage/", usage_api.KeyUsageView.as_view(), name="key-usage"),
]
