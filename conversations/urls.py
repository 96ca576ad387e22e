from django.urls import path

from conversations import api
from conversations.files import api as files_api
from conversations.usage import api as usage_api

# Ids are taken as text: what is no id gets the same answer as an id that is not there.
urlpatterns = [
    path("threads/", api.ThreadsView.as_view(), name="thread-list"),
    path("threads/<str:thread_id>/", api.ThreadView.as_view(), name="thread"),
    path("threads/<str:thread_id>/messages/", api.MessagesView.as_view(), name="thread-messages"),
    path("threads/<str:thread_id>/export/", api.ExportView.as_view(), name="thread-export"),
    path("runs/<str:run_id>/", api.RunView.as_view(), name="run"),
    path("runs/<str:run_id>/events/", api.EventsView.as_view(), name="run-events"),
    path("usage/", usage_api.UsageView.as_view(), name="usage"),
    path("files/", files_api.FilesView.as_view(), name="file-list"),
    path("files/<str:file_id>/", files_api.FileView.as_view(), name="file"),
    path("files/<str:file_id>/link/", files_api.LinkView.as_view(), name="file-link"),
]
