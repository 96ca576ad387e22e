"""Conversations: threads, their messages, runs and files, and the log of events.

A Thread holds Messages and Runs; its runs form a tree (``branches.py``). A Run is the record of
one answer; its Events are numbered from 1 without a gap and are the truth while it lasts. When it
ends, the log is folded into ``Run.transcript`` (the same events, adjacent deltas joined), its
readable Messages, and ``Run.contents`` (what Gemini is sent back as history).
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

TERMINAL_EVENTS = ("RUN_FINISHED", "RUN_ERROR")


class Thread(models.Model):
    """A conversation of one owner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="threads")
    title = models.CharField(max_length=200, blank=True)
    instructions = models.TextField(blank=True, default="", help_text="The owner's, for it.")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "threads"
        ordering = ["-updated_at", "-id"]
        indexes = [models.Index(fields=["owner", "-updated_at"], name="threads_owner_recent")]

    def __str__(self) -> str:
        return str(self.id)


class Run(models.Model):
    """The record of one answer: its state, its lease, and what became of it."""

    class Status(models.TextChoices):
        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"

    class Outcome(models.TextChoices):
        NONE = "", "none yet"
        SUCCESS = "success"
        CANCELLED = "cancelled"
        ERROR = "error"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="runs")
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="runs")
    parent = models.ForeignKey(
        "self",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="children",
        help_text="The run that this one goes on from; empty: it opens the conversation.",
    )
    key = models.ForeignKey(
        "apikeys.UserApiKey", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    model = models.CharField(max_length=50)
    agent = models.CharField(max_length=20, default="auto")
    instructions = models.JSONField(
        default=dict, help_text="The owner's that it was answered by: {profile, conversation}."
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.RUNNING)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, default=Outcome.NONE)
    error_code = models.CharField(max_length=50, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    last_seq = models.PositiveIntegerField(default=0)
    usage = models.JSONField(default=list, help_text="AG-UI TokenUsage, one entry per model.")
    contents = models.JSONField(default=list, help_text="Gemini contents this run adds to history.")
    transcript = models.JSONField(null=True, help_text="The compacted events of an ended run.")
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    stop_requested_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "runs"
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["status", "lease_until"], name="runs_stale"),
            models.Index(fields=["owner", "created_at"], name="runs_of_owner"),
            models.Index(fields=["thread", "created_at"], name="runs_of_thread"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["thread"], condition=Q(status="running"), name="runs_one_running_per_thread"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class Message(models.Model):
    """One finished piece of a conversation, as a person reads it."""

    class Role(models.TextChoices):
        USER = "user"
        ASSISTANT = "assistant"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    thread = models.ForeignKey(Thread, models.CASCADE, related_name="messages")
    run = models.ForeignKey(Run, models.CASCADE, related_name="messages")
    position = models.PositiveIntegerField(help_text="Order in the thread, from 1.")
    role = models.CharField(max_length=10, choices=Role)
    agent = models.CharField(
        max_length=20, blank=True, help_text="Who said it; empty for the user."
    )
    subagent_run_id = models.CharField(max_length=36, blank=True)
    text = models.TextField()
    attachments = models.JSONField(
        default=list, help_text="[{id, name, mime_type, size_bytes, ...}] as they were when sent."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "messages"
        ordering = ["position"]
        constraints = [
            # Two processes that close and open runs of a thread at once cannot both be next.
            models.UniqueConstraint(fields=["thread", "position"], name="messages_one_per_position")
        ]

    def __str__(self) -> str:
        return str(self.id)


class Event(models.Model):
    """An AG-UI event, stored as the very JSON text that was sent."""

    # (run, seq) is unique, so its index also finds a run's events; a second one would cost writes.
    run = models.ForeignKey(Run, models.CASCADE, related_name="events", db_index=False)
    seq = models.PositiveIntegerField()
    type = models.CharField(max_length=40)
    data = models.TextField()

    class Meta:
        db_table = "events"
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(fields=["run", "seq"], name="events_one_per_seq"),
            models.UniqueConstraint(
                fields=["run"],
                condition=Q(type__in=TERMINAL_EVENTS),
                name="events_one_terminal_per_run",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}:{self.seq}"


class ModelCall(models.Model):
    """The ledger: one row for every call to Gemini, whatever became of it.

    It is written when the call begins, again while it goes on, and when it ends; and it outlives
    the conversation and the key, or deleting them would give a budget back.
    """

    call_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="model_calls")
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="model_calls")
    key = models.ForeignKey(
        "apikeys.UserApiKey", models.SET_NULL, null=True, blank=True, related_name="model_calls"
    )
    key_name = models.CharField(
        max_length=100, blank=True, help_text="What its user called it; of a lent key its label."
    )
    agent = models.CharField(max_length=20)
    model = models.CharField(max_length=100, help_text="The API's model id.")
    input_tokens = models.PositiveIntegerField(default=0, help_text="Cached and tool use included.")
    output_tokens = models.PositiveIntegerField(default=0, help_text="Thoughts, images included.")
    thought_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(default=0)
    tool_tokens = models.PositiveIntegerField(default=0)
    image_tokens = models.PositiveIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)
    first_token_ms = models.PositiveIntegerField(null=True)
    outcome = models.CharField(
        max_length=50,
        blank=True,
        help_text="'ok', 'cancelled' or an error code; empty while it goes on.",
    )
    price_usd = models.DecimalField(
        max_digits=16, decimal_places=9, null=True, help_text="An estimate; empty: not known."
    )
    created_at = models.DateTimeField(default=timezone.now, help_text="When it began.")

    class Meta:
        db_table = "model_calls"
        ordering = ["id"]
        indexes = [
            models.Index(fields=["key", "created_at"], name="model_calls_of_key"),
            models.Index(fields=["owner", "created_at"], name="model_calls_of_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.agent} {self.model}"


ARTIFACTS = "artifacts"
TEXT_SUFFIX = ".txt"


def artifact_path(artifact: Artifact, filename: str) -> str:
    """A random name in the owner's folder: nothing a client says becomes part of a path."""
    return f"{ARTIFACTS}/{artifact.owner_id}/{artifact.id.hex}"


class Artifact(models.Model):
    """A file; its bytes never travel inside events.

    An uploaded one is its owner's alone until a message carries it; then it is part of that
    message's thread and goes with it. A produced one is part of a thread from the beginning.
    """

    class Kind(models.TextChoices):
        UPLOADED = "uploaded"
        PRODUCED = "produced"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="artifacts")
    thread = models.ForeignKey(
        Thread, models.CASCADE, null=True, blank=True, related_name="artifacts"
    )
    run = models.ForeignKey(Run, models.CASCADE, null=True, blank=True, related_name="artifacts")
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=200)
    mime_type = models.CharField(max_length=100)
    size_bytes = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField(null=True, blank=True, help_text="Pixels; of pictures.")
    height = models.PositiveIntegerField(null=True, blank=True)
    file = models.FileField(upload_to=artifact_path)
    refused = models.CharField(
        max_length=300, blank=True, help_text="Why Google cannot use it; then it is not sent again."
    )
    text_bytes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Of the text that a model is given instead; empty: the file itself.",
    )
    notice = models.CharField(
        max_length=300, blank=True, help_text="What its owner should know about how it is read."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "artifacts"
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["owner", "-created_at"], name="artifacts_of_owner")]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def text_name(self) -> str:
        """Where the text is that a model is given instead of the file, if there is one."""
        return f"{self.file.name}{TEXT_SUFFIX}"

    @property
    def read_name(self) -> str:
        """Where that is what a model is given of it."""
        return str(self.file.name) if self.text_bytes is None else self.text_name

    @property
    def stored_names(self) -> set[str]:
        """Where its bytes are, and the text that stands for them."""
        return {str(self.file.name), self.read_name}


class GeminiFile(models.Model):
    """A copy of a file at Google, put there with a key and readable with that key alone."""

    artifact = models.ForeignKey(Artifact, models.CASCADE, related_name="gemini_files")
    key = models.ForeignKey("apikeys.UserApiKey", models.CASCADE, related_name="+")
    uri = models.CharField(max_length=500)
    name = models.CharField(max_length=200, help_text="Google's: files/...")
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "gemini_files"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["artifact", "key"], name="gemini_files_one_per_key")
        ]

    def __str__(self) -> str:
        return self.name
