"""Only what these tests ask for."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("api/", include("conversations.urls")),
    path("admin/", admin.site.urls),
]
