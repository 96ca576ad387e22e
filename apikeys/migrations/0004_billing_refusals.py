from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("apikeys", "0003_seal_nonce"),
    ]

    operations = [
        migrations.AddField(
            model_name="userapikey",
            name="billing_refusals",
            field=models.JSONField(
                blank=True,
                default=dict,
                editable=False,
                help_text="API ids that Google refused this key for want of billing, and when.",
            ),
        ),
    ]
