from django.urls import include, path

from conversations import api

# Ids are taken as text: what is no id gets the same answer as an id that is not there.
urlpatterns = [
    path("threads/", api.ThreadsView.as_view(), name="thread-list"),
    path("threads/<str:thread_id>/", api.ThreadView.as_view(), name="thread"),
    path("threads/<str:thread_id>/messages/", api.MessagesView.as_view(), name="thread-messages"),
    path("threads/<str:thread_id>/export/", api.ExportView.as_view(), name="thread-export"),
    path("runs/<str:run_id>/", api.RunView.as_view(), name="run"),
    path("runs/<str:run_id>/events/", api.EventsView.as_view(), name="run-events"),
    path("", include("conversations.usage.urls")),
    path("", include("conversations.files.urls")),
]
