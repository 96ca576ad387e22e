"""REST: what a question would cost to ask."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import current_user
from accounts.serializers import InstructionsField
from agents.core.team.media import OUTPUTS
from agents.protocol.run_input import AGENT_CHOICES, FILES_SENT, PROMPT_CHARS, build_request
from agents.runs.estimates import estimate
from common.api import validated_body
from gemini.addresses import MAX_CHARS, address_from
from gemini.media_options import STYLE_CHARS
from gemini.model_info import TOOLS
from gemini.speech import NAME_CHARS
from gemini.voices import VOICES


class PictureInput(serializers.Serializer[Any]):
    ratio = serializers.CharField(max_length=10, required=False, allow_null=True)
    size = serializers.CharField(max_length=10, required=False, allow_null=True)


class SpeakerInput(serializers.Serializer[Any]):
    voice = serializers.ChoiceField(list(VOICES))
    name = serializers.CharField(max_length=NAME_CHARS, required=False, allow_null=True)


class SpeechInput(serializers.Serializer[Any]):
    speakers = serializers.ListField(
        child=SpeakerInput(), required=False, allow_null=True, max_length=2
    )
    style = serializers.CharField(  # type: ignore[assignment]  # a field named like an option
        max_length=STYLE_CHARS, required=False, allow_null=True
    )


class PictureOutput(serializers.Serializer[Any]):
    size = serializers.CharField(allow_blank=True)
    price_usd = serializers.DecimalField(
        max_digits=16, decimal_places=9, allow_null=True, help_text="Null: not known."
    )


class AddressInput(serializers.Serializer[Any]):
    """A video on YouTube, or a PDF or picture at a public https address."""

    address = serializers.CharField(max_length=MAX_CHARS)
    mime_type = serializers.CharField(max_length=100, required=False, default="")
    start_s = serializers.IntegerField(required=False, allow_null=True, default=None)
    end_s = serializers.IntegerField(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        try:
            address = address_from(
                attrs["address"], attrs["mime_type"], attrs["start_s"], attrs["end_s"]
            )
        except ValueError as error:
            raise serializers.ValidationError({"address": [str(error)]}) from None
        return {"address": address}


@extend_schema_field(OpenApiTypes.STR)
class AgentField(serializers.ChoiceField):
    """In the schema a string: a server can have agents of its own."""


class EstimateInput(serializers.Serializer[Any]):
    text = serializers.CharField(
        max_length=PROMPT_CHARS, allow_blank=True, trim_whitespace=False, write_only=True
    )
    thread_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    parent_run_id = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="None: after the newest run."
    )
    at_start = serializers.BooleanField(
        required=False, default=False, help_text="As a new beginning of the thread."
    )
    attachments = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=FILES_SENT
    )
    addresses = serializers.ListField(
        child=AddressInput(), required=False, default=list, max_length=FILES_SENT
    )
    agent = AgentField(
        list(AGENT_CHOICES),
        required=False,
        default="auto",
        help_text="`auto`, `direct`, or one of `/api/agents/`.",
    )
    output = serializers.ChoiceField(
        list(OUTPUTS), required=False, allow_null=True, default=None, help_text="Of that agent."
    )
    model = serializers.CharField(required=False, allow_null=True, default=None, max_length=50)
    key_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    tools = serializers.ListField(
        child=serializers.ChoiceField(list(TOOLS)), required=False, allow_null=True, default=None
    )
    instructions = InstructionsField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Those of the conversation to be; null: as they are.",
    )
    picture = PictureInput(required=False, allow_null=True, default=None)
    speech = SpeechInput(required=False, allow_null=True, default=None)
    exact = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Have Gemini count. It sends the question and its files to Google.",
    )


class EstimateOutput(serializers.Serializer[Any]):
    model = serializers.CharField(help_text="The API's id of the model that is asked first.")
    input_tokens = serializers.IntegerField()
    exact = serializers.BooleanField()
    price_usd = serializers.DecimalField(
        max_digits=16, decimal_places=9, allow_null=True, help_text="Of what goes in."
    )
    window_tokens = serializers.IntegerField()
    left_out = serializers.IntegerField(help_text="Oldest exchanges that do not fit.")
    picture = PictureOutput(
        allow_null=True, help_text="What the first model would make, if that is a picture."
    )
    warn = serializers.BooleanField(help_text="More than the profile's `warn_above_tokens`.")
    warn_above_tokens = serializers.IntegerField(allow_null=True)


class EstimateView(APIView):
    @extend_schema(request=EstimateInput, responses=EstimateOutput)
    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> Response:
        """Estimate what a message would send, and what that costs; no answer is generated."""
        data = validated_body(EstimateInput, request)
        exact, thread_id = data.pop("exact"), data.pop("thread_id")
        data["addresses"] = [address["address"] for address in data["addresses"]]
        if thread_id:
            data |= {"thread_id": thread_id, "continues": True}
        # Runs on the server's own event loop, where the connections to Google are.
        user_id = current_user(request).pk
        result = async_to_sync(estimate)(user_id, build_request(**data), exact=exact)
        preview = result.preview
        return Response(
            EstimateOutput(
                {
                    "model": preview.model,
                    "input_tokens": preview.input_tokens,
                    "exact": preview.exact,
                    "price_usd": preview.price_usd,
                    "window_tokens": preview.window_tokens,
                    "left_out": preview.left_out,
                    "picture": preview.picture,
                    "warn": result.warn,
                    "warn_above_tokens": result.warn_above_tokens,
                }
            ).data
        )
