from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from chatproject import views

urlpatterns = [
    path("", views.page),
    path("admin/", admin.site.urls),
    path("api/", include("accounts.urls")),
    path("api/", include("apikeys.urls")),
    path("api/", include("conversations.urls")),
    path("api/", include("agents.rest.urls")),
    path("api/config/", views.ConfigView.as_view()),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path(
        "api/docs/",
        SpectacularSwaggerSplitView.as_view(template_name="chatproject/api_docs.html"),
    ),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}favicon.svg")),
    path("healthz", views.healthz),
    path("readyz", views.readyz),
]

handler400 = "chatproject.views.bad_request"
handler403 = "chatproject.views.forbidden"
handler404 = "chatproject.views.not_found"
handler500 = "chatproject.views.server_error"
