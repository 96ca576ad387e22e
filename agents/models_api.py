"""REST: what there is to choose from: models, agents, voices."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import signed_in
from agents.core import catalogue
from agents.core.team import TEAM
from agents.core.voices import VOICES
from apikeys.offers import models_of_selected


class ModelOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field named like an option
    description = serializers.CharField()
    default = serializers.BooleanField()
    tools = serializers.ListField(child=serializers.CharField(), help_text="That it can use.")
    thinking = serializers.ListField(
        child=serializers.CharField(), help_text="The levels it takes, besides `auto`."
    )
    window_tokens = serializers.IntegerField(help_text="How much it takes in.")
    available = serializers.BooleanField(
        allow_null=True,
        help_text="Whether the selected key may use it; null: not known. "
        "`/api/keys/{id}/models/` asks Google.",
    )


class AgentOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField()
    outputs = serializers.ListField(
        child=serializers.CharField(), help_text="What it can be asked for."
    )


class VoiceOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField()


class ModelsView(APIView):
    @extend_schema(responses=ModelOutput(many=True))
    def get(self, request: Request) -> Response:
        """The models to choose from, and which of them the selected key may use."""
        known = models_of_selected(signed_in(request).pk)
        models = [
            {
                "id": model.name,
                "label": model.label,
                "description": model.description,
                "default": model.name == catalogue.DEFAULT,
                "tools": model.tools,
                "thinking": model.thinking,
                "window_tokens": model.window_tokens,
                "available": known.available(model),
            }
            for model in catalogue.chat_models()
        ]
        return Response(ModelOutput(models, many=True).data)


class AgentsView(APIView):
    @extend_schema(responses=AgentOutput(many=True))
    def get(self, request: Request) -> Response:
        """The agents that can be asked by name."""
        return Response(AgentOutput(agents_on_offer(), many=True).data)


class VoicesView(APIView):
    @extend_schema(responses=VoiceOutput(many=True))
    def get(self, request: Request) -> Response:
        """The voices that read aloud."""
        voices = [{"name": name, "description": character} for name, character in VOICES.items()]
        return Response(VoiceOutput(voices, many=True).data)


def agents_on_offer() -> list[dict[str, Any]]:
    """The coordinator's team, as people see it."""
    return [
        {
            "name": agent.name,
            "label": agent.label,
            "description": agent.description,
            "outputs": agent.outputs,
        }
        for agent in TEAM
    ]
