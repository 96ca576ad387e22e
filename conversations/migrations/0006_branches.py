"""Runs know the run they go on from; those that are there follow each other as they were said."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Min

AT_ONCE = 500


def chain(apps, schema_editor):
    run_model = apps.get_model("conversations", "Run")
    runs = run_model.objects.annotate(place=Min("messages__position"))
    ordered = runs.order_by("thread_id", F("place").asc(nulls_last=True), "created_at", "id")
    batch, before = [], (None, None)
    for run_id, thread_id in list(ordered.values_list("pk", "thread_id")):
        if before[0] == thread_id:
            batch.append(run_model(pk=run_id, parent_id=before[1]))
        before = (thread_id, run_id)
    run_model.objects.bulk_update(batch, ["parent"], batch_size=AT_ONCE)


class Migration(migrations.Migration):
    dependencies = [("conversations", "0005_files")]

    operations = [
        migrations.AddField(
            "run",
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
        # Back again there is nothing to move: without the column, a thread is one row of runs.
        migrations.RunPython(chain, migrations.RunPython.noop),
    ]
