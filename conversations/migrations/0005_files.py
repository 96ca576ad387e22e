"""Files that people upload, messages that carry them, and their copies at Google."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("apikeys", "0001_initial"),
        ("conversations", "0004_ledger_owned"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "artifact",
            "kind",
            models.CharField(
                choices=[("uploaded", "Uploaded"), ("produced", "Produced")],
                default="produced",  # until now there was nothing else
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "artifact",
            "width",
            models.PositiveIntegerField(blank=True, help_text="Pixels; of pictures.", null=True),
        ),
        migrations.AddField(
            "artifact", "height", models.PositiveIntegerField(blank=True, null=True)
        ),
        migrations.AlterField(
            "artifact",
            "thread",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="artifacts",
                to="conversations.thread",
            ),
        ),
        migrations.AlterField(
            "artifact",
            "run",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="artifacts",
                to="conversations.run",
            ),
        ),
        migrations.AddIndex(
            "artifact", models.Index(fields=["owner", "-created_at"], name="artifacts_of_owner")
        ),
        migrations.AddField(
            "message",
            "attachments",
            models.JSONField(
                default=list,
                help_text="[{id, name, mime_type, size_bytes}] as they were when sent.",
            ),
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
