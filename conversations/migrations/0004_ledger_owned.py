"""Every row of the ledger has an owner and an id of its own now."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0003_ledger"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            "modelcall",
            "call_id",
            models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
        migrations.AlterField(
            "modelcall",
            "owner",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="model_calls",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            "modelcall", models.Index(fields=["key", "created_at"], name="model_calls_of_key")
        ),
        migrations.AddIndex(
            "modelcall", models.Index(fields=["owner", "created_at"], name="model_calls_of_owner")
        ),
    ]
