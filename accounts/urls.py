from django.urls import path

from accounts import api

urlpatterns = [
    path("token/", api.SignInView.as_view(), name="token"),
    path("token/refresh/", api.RefreshView.as_view(), name="token-refresh"),
    path("token/logout/", api.SignOutView.as_view(), name="token-logout"),
    path("token/logout-all/", api.SignOutEverywhereView.as_view(), name="token-logout-all"),
    path("register/", api.RegisterView.as_view(), name="register"),
    path("me/", api.MeView.as_view(), name="me"),
    path("me/notices/read/", api.NoticesReadView.as_view(), name="me-notices-read"),
    path("me/password/", api.PasswordView.as_view(), name="me-password"),
]
