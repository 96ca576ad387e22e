from django.urls import path

from conversations.usage import api

urlpatterns = [
    path("usage/", api.UsageView.as_view(), name="usage"),
]
