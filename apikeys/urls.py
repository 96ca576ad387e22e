from django.urls import path

from apikeys import api

urlpatterns = [
    path("keys/", api.KeyListView.as_view(), name="key-list"),
    path("keys/<uuid:key_id>/", api.KeyView.as_view(), name="key-detail"),
    path("keys/<uuid:key_id>/replace/", api.KeyReplaceView.as_view(), name="key-replace"),
    path("keys/<uuid:key_id>/select/", api.KeySelectView.as_view(), name="key-select"),
    path("keys/<uuid:key_id>/verify/", api.KeyVerifyView.as_view(), name="key-verify"),
]
