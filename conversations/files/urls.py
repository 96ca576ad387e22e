from django.urls import path

from conversations.files import api

urlpatterns = [
    path("files/", api.FilesView.as_view(), name="file-list"),
    path("files/<str:file_id>/", api.FileView.as_view(), name="file"),
    path("files/<str:file_id>/link/", api.SignedUrlView.as_view(), name="file-link"),
]
