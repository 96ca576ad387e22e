import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import conversations.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("apikeys", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Thread",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("title", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("updated_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="threads",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "instructions",
                    models.TextField(blank=True, default="", help_text="The owner's, for it."),
                ),
            ],
            options={
                "db_table": "threads",
                "ordering": ["-updated_at", "-id"],
                "indexes": [
                    models.Index(fields=["owner", "-updated_at"], name="threads_owner_recent")
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("model", models.CharField(max_length=50)),
                ("agent", models.CharField(default="auto", max_length=20)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("finished", "Finished"),
                            ("failed", "Failed"),
                        ],
                        default="running",
                        max_length=10,
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "none yet"),
                            ("success", "Success"),
                            ("cancelled", "Cancelled"),
                            ("error", "Error"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("error_code", models.CharField(blank=True, max_length=50)),
                ("error_message", models.CharField(blank=True, max_length=500)),
                ("last_seq", models.PositiveIntegerField(default=0)),
                (
                    "usage",
                    models.JSONField(
                        default=list, help_text="AG-UI TokenUsage, one entry per model."
                    ),
                ),
                (
                    "contents",
                    models.JSONField(
                        default=list, help_text="Gemini contents this run adds to history."
                    ),
                ),
                (
                    "transcript",
                    models.JSONField(help_text="The compacted events of an ended run.", null=True),
                ),
                ("lease_owner", models.CharField(blank=True, max_length=64)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("fence", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "key",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="apikeys.userapikey",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="runs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="runs",
                        to="conversations.thread",
                    ),
                ),
                ("stop_requested_at", models.DateTimeField(blank=True, null=True)),
                (
                    "instructions",
                    models.JSONField(
                        default=dict,
                        help_text="The owner's that it was answered by: {profile, conversation}.",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        help_text="The run that this one goes on from; empty: it opens the conversation.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="children",
                        to="conversations.run",
                    ),
                ),
            ],
            options={
                "db_table": "runs",
                "ordering": ["created_at", "id"],
                "indexes": [
                    models.Index(fields=["status", "lease_until"], name="runs_stale"),
                    models.Index(fields=["owner", "created_at"], name="runs_of_owner"),
                    models.Index(fields=["thread", "created_at"], name="runs_of_thread"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status", "running")),
                        fields=("thread",),
                        name="runs_one_running_per_thread",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ModelCall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("agent", models.CharField(max_length=20)),
                ("model", models.CharField(help_text="The API's model id.", max_length=100)),
                (
                    "input_tokens",
                    models.PositiveIntegerField(
                        default=0, help_text="Cached and tool use included."
                    ),
                ),
                (
                    "output_tokens",
                    models.PositiveIntegerField(default=0, help_text="Thoughts, images included."),
                ),
                ("thought_tokens", models.PositiveIntegerField(default=0)),
                ("cached_tokens", models.PositiveIntegerField(default=0)),
                ("duration_ms", models.PositiveIntegerField(default=0)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        help_text="'ok', 'cancelled' or an error code; empty while it goes on.",
                        max_length=50,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="When it began."
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="model_calls",
                        to="apikeys.userapikey",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="model_calls",
                        to="conversations.run",
                    ),
                ),
                ("call_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "key_name",
                    models.CharField(
                        blank=True,
                        help_text="What its user called it; of a lent key its label.",
                        max_length=100,
                    ),
                ),
                ("tool_tokens", models.PositiveIntegerField(default=0)),
                ("image_tokens", models.PositiveIntegerField(default=0)),
                ("first_token_ms", models.PositiveIntegerField(null=True)),
                (
                    "price_usd",
                    models.DecimalField(
                        decimal_places=9,
                        help_text="An estimate; empty: not known.",
                        max_digits=16,
                        null=True,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="model_calls",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "model_calls",
                "ordering": ["id"],
                "indexes": [
                    models.Index(fields=["key", "created_at"], name="model_calls_of_key"),
                    models.Index(fields=["owner", "created_at"], name="model_calls_of_owner"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("position", models.PositiveIntegerField(help_text="Order in the thread, from 1.")),
                (
                    "role",
                    models.CharField(
                        choices=[("user", "User"), ("assistant", "Assistant")], max_length=10
                    ),
                ),
                (
                    "agent",
                    models.CharField(
                        blank=True, help_text="Who said it; empty for the user.", max_length=20
                    ),
                ),
                ("subagent_run_id", models.CharField(blank=True, max_length=36)),
                ("text", models.TextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="conversations.run",
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="conversations.thread",
                    ),
                ),
                (
                    "attachments",
                    models.JSONField(
                        default=list,
                        help_text="[{id, name, mime_type, size_bytes, ...}] as they were when sent.",
                    ),
                ),
            ],
            options={
                "db_table": "messages",
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("thread", "position"), name="messages_one_per_position"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Artifact",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=200)),
                ("mime_type", models.CharField(max_length=100)),
                ("size_bytes", models.PositiveBigIntegerField()),
                ("file", models.FileField(upload_to=conversations.models.artifact_path)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="artifacts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="artifacts",
                        to="conversations.run",
                    ),
                ),
                (
                    "thread",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="artifacts",
                        to="conversations.thread",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("uploaded", "Uploaded"), ("produced", "Produced")], max_length=10
                    ),
                ),
                (
                    "width",
                    models.PositiveIntegerField(
                        blank=True, help_text="Pixels; of pictures.", null=True
                    ),
                ),
                ("height", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "notice",
                    models.CharField(
                        blank=True,
                        help_text="What its owner should know about how it is read.",
                        max_length=300,
                    ),
                ),
                (
                    "text_bytes",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Of the text that a model is given instead; empty: the file itself.",
                        null=True,
                    ),
                ),
                (
                    "refused",
                    models.CharField(
                        blank=True,
                        help_text="Why Google cannot use it; then it is not sent again.",
                        max_length=300,
                    ),
                ),
            ],
            options={
                "db_table": "artifacts",
                "ordering": ["created_at", "id"],
                "indexes": [
                    models.Index(fields=["owner", "-created_at"], name="artifacts_of_owner")
                ],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seq", models.PositiveIntegerField()),
                ("type", models.CharField(max_length=40)),
                ("data", models.TextField()),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="conversations.run",
                    ),
                ),
            ],
            options={
                "db_table": "events",
                "ordering": ["seq"],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "seq"), name="events_one_per_seq"),
                    models.UniqueConstraint(
                        condition=models.Q(("type__in", ("RUN_FINISHED", "RUN_ERROR"))),
                        fields=("run",),
                        name="events_one_terminal_per_run",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GeminiFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uri", models.CharField(max_length=500)),
                ("name", models.CharField(help_text="Google's: files/...", max_length=200)),
                ("expires_at", models.DateTimeField()),
                (
                    "artifact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gemini_files",
                        to="conversations.artifact",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="apikeys.userapikey",
                    ),
                ),
            ],
            options={
                "db_table": "gemini_files",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("artifact", "key"), name="gemini_files_one_per_key"
                    )
                ],
            },
        ),
    ]
