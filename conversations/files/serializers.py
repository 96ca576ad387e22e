"""What the REST side of files gives, as its schema describes it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from conversations.files.signed_urls import file_url
from conversations.files.uploads import FIELD
from conversations.models import Artifact

UPLOAD_FORM = {
    "multipart/form-data": {
        "type": "object",
        "properties": {FIELD: {"type": "string", "format": "binary"}},
        "required": [FIELD],
    }
}


class FileOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    url = serializers.SerializerMethodField(help_text="Where its bytes are, with a token.")
    name = serializers.CharField()
    mime_type = serializers.CharField(help_text="Told by its content.")
    size_bytes = serializers.IntegerField()
    kind = serializers.ChoiceField(Artifact.Kind.choices)
    width = serializers.IntegerField(allow_null=True, help_text="Of pictures, in pixels.")
    height = serializers.IntegerField(allow_null=True)
    notice = serializers.CharField(
        help_text="How it is read, where that is not as it is; empty: nothing to say."
    )
    thread_id = serializers.UUIDField(allow_null=True)
    refused = serializers.CharField(help_text="Why Google cannot use it; empty for most.")
    created_at = serializers.DateTimeField()

    def get_url(self, artifact: Artifact) -> str:
        return file_url(artifact)


class FilePageOutput(serializers.Serializer[Any]):
    results = FileOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="The `cursor` of the next page.")
    used_bytes = serializers.IntegerField()
    quota_bytes = serializers.IntegerField()


class SignedUrlOutput(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="Opens the file without a token.")
    expires_at = serializers.DateTimeField()


class ErrorOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
