"""What the REST side of conversations takes and gives, as its schema describes it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.serializers import InstructionsField
from conversations.models import Run, Thread

TITLE_MAX = Thread._meta.get_field("title").max_length
MAX_SEQ = 2**31 - 1


class NewThreadInput(serializers.Serializer[Any]):
    title = serializers.CharField(
        max_length=TITLE_MAX, required=False, default="", allow_blank=True
    )


INSTRUCTIONS_HELP = "Added to what every agent is told in this conversation, and to the profile's."


class ThreadInput(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=TITLE_MAX, allow_blank=True, required=False)
    instructions = InstructionsField(required=False, help_text=INSTRUCTIONS_HELP)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError({"title": ["Send a title, or instructions."]})
        return attrs


class AfterInput(serializers.Serializer[Any]):
    after = serializers.IntegerField(min_value=0, max_value=MAX_SEQ, required=False, default=0)


# Not named "format": DRF would take that for a choice of renderer.
ExportInput = type(
    "ExportInput",
    (serializers.Serializer,),
    {"as": serializers.ChoiceField(["json", "markdown"], required=False, default="json")},
)


class ThreadOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(help_text="When something was last said in it.")
    running_run = serializers.UUIDField(allow_null=True)


class ThreadDetailOutput(ThreadOutput):
    instructions = serializers.CharField(help_text=INSTRUCTIONS_HELP)


class ThreadPageOutput(serializers.Serializer[Any]):
    results = ThreadOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="The `cursor` of the next page.")


class AttachmentOutput(serializers.Serializer[Any]):
    id = serializers.CharField(
        help_text="Of a file; it may have been deleted since. Of what lies elsewhere: its address "
        "with the part, `#t=<start>,<end>`."
    )
    name = serializers.CharField()
    mime_type = serializers.CharField()
    size_bytes = serializers.IntegerField()
    address = serializers.CharField(
        required=False, help_text="Where it lies, if not here: only Google fetches it."
    )
    start_s = serializers.IntegerField(required=False, help_text="Of a part of a video.")
    end_s = serializers.IntegerField(required=False)
    notice = serializers.CharField(
        required=False, help_text="How it is read, where that is not as it is."
    )
    refused = serializers.CharField(
        required=False, help_text="Why Google cannot use it, if it cannot."
    )


class MessageOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    role = serializers.ChoiceField(["user", "assistant"])
    agent = serializers.CharField(help_text="Who said it; empty for the user.")
    text = serializers.CharField()
    attachments = AttachmentOutput(many=True)
    run_id = serializers.UUIDField()
    created_at = serializers.DateTimeField()


class RunOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    thread_id = serializers.UUIDField()
    parent_run_id = serializers.UUIDField(
        source="parent_id",
        allow_null=True,
        help_text="The run it goes on from; null: it opens the thread.",
    )
    status = serializers.ChoiceField(Run.Status.choices)
    outcome = serializers.ChoiceField(Run.Outcome.choices)
    error_code = serializers.CharField()
    error_message = serializers.CharField()
    agent = serializers.CharField()
    model = serializers.CharField()
    last_seq = serializers.IntegerField()
    usage = serializers.ListField(child=serializers.DictField())
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class InstructionsOutput(serializers.Serializer[Any]):
    profile = serializers.CharField(default="")
    conversation = serializers.CharField(default="")


class RunDetailOutput(RunOutput):
    instructions = InstructionsOutput(
        help_text="The user's own that it was answered by, as they were then."
    )


class RunSnapshotOutput(RunOutput):
    events = serializers.ListField(
        child=serializers.DictField(), help_text="AG-UI events up to `last_seq`, deltas joined."
    )


class ConversationOutput(serializers.Serializer[Any]):
    thread = ThreadDetailOutput()
    messages = MessageOutput(many=True)
    runs = RunSnapshotOutput(many=True)
    partial_runs = serializers.ListField(
        child=serializers.UUIDField(),
        help_text="Those that still run, or are very long: follow them after their `last_seq`, or "
        "read their events from there. Of these, `messages` holds the user's alone.",
    )
    next = serializers.CharField(
        allow_null=True, help_text="The `cursor` of the page before; null: the thread begins here."
    )


class NumberedEventOutput(serializers.Serializer[Any]):
    seq = serializers.IntegerField()
    event = serializers.DictField(help_text="An AG-UI 1.0 event.")


class EventsOutput(serializers.Serializer[Any]):
    events = NumberedEventOutput(many=True)
    last_seq = serializers.IntegerField(help_text="Ask again until you have it.")
    status = serializers.ChoiceField(Run.Status.choices)
