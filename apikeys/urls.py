from django.urls import path

from apikeys import api

urlpatterns = [
    path("keys/", api.KeyListView.as_view(), name="key-list"),
    path("keys/audit/", api.KeysAuditView.as_view(), name="key-audit-all"),
    path("keys/<uuid:key_id>/", api.KeyView.as_view(), name="key-detail"),
    path("keys/<uuid:key_id>/replace/", api.KeyReplaceView.as_view(), name="key-replace"),
    path("keys/<uuid:key_id>/select/", api.KeySelectView.as_view(), name="key-select"),
    path("keys/<uuid:key_id>/verify/", api.KeyVerifyView.as_view(), name="key-verify"),
    path("keys/<uuid:key_id>/models/", api.KeyModelsView.as_view(), name="key-models"),
    path("keys/<uuid:key_id>/audit/", api.KeyAuditView.as_view(), name="key-audit"),
    path("keys/<uuid:key_id>/loans/", api.LoansView.as_view(), name="key-loans"),
    path(
        "keys/<uuid:key_id>/loans/<uuid:loan_id>/",
        api.LoanView.as_view(),
        name="key-loan",
    ),
]
