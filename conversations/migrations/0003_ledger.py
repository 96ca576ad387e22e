"""The ledger outlives conversations, and knows its owners and more kinds of tokens."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def name_owners(apps, schema_editor):
    calls = apps.get_model("conversations", "ModelCall").objects.all()
    for call in calls.select_related("run").only("run__owner_id").iterator():
        calls.filter(pk=call.pk).update(owner_id=call.run.owner_id, call_id=uuid.uuid4())


class Migration(migrations.Migration):
    dependencies = [
        ("apikeys", "0001_initial"),
        ("conversations", "0002_stops_and_lookups"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("modelcall", "call_id", models.UUIDField(null=True, editable=False)),
        migrations.AddField(
            "modelcall",
            "owner",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                null=True,
                related_name="model_calls",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            "modelcall",
            "key_name",
            models.CharField(
                blank=True,
                default="",
                help_text="What its user called it; of a lent key its label.",
                max_length=100,
            ),
            preserve_default=False,
        ),
        migrations.AddField("modelcall", "tool_tokens", models.PositiveIntegerField(default=0)),
        migrations.AddField("modelcall", "image_tokens", models.PositiveIntegerField(default=0)),
        migrations.AddField("modelcall", "first_token_ms", models.PositiveIntegerField(null=True)),
        migrations.AddField(
            "modelcall",
            "price_usd",
            models.DecimalField(
                decimal_places=9,
                help_text="An estimate; empty: not known.",
                max_digits=16,
                null=True,
            ),
        ),
        migrations.AlterField(
            "modelcall",
            "created_at",
            models.DateTimeField(default=django.utils.timezone.now, help_text="When it began."),
        ),
        migrations.AlterField(
            "modelcall",
            "input_tokens",
            models.PositiveIntegerField(default=0, help_text="Cached and tool use included."),
        ),
        migrations.AlterField(
            "modelcall",
            "output_tokens",
            models.PositiveIntegerField(default=0, help_text="Thoughts, images included."),
        ),
        migrations.AlterField(
            "modelcall",
            "outcome",
            models.CharField(
                blank=True,
                help_text="'ok', 'cancelled' or an error code; empty while it goes on.",
                max_length=50,
            ),
        ),
        migrations.AlterField(
            "modelcall",
            "key",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="model_calls",
                to="apikeys.userapikey",
            ),
        ),
        migrations.AlterField(
            "modelcall",
            "run",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="model_calls",
                to="conversations.run",
            ),
        ),
        migrations.RunPython(name_owners, migrations.RunPython.noop),
    ]
