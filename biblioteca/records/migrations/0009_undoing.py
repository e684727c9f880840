import django.utils.timezone
from django.db import migrations, models

import biblioteca.records.fields


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0008_history_group_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="Undoing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "grupo",
                    biblioteca.records.fields.CodePointField(max_length=40, verbose_name="action"),
                ),
                (
                    "momento",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="when"),
                ),
                (
                    "quem",
                    biblioteca.records.fields.CodePointField(
                        blank=True, max_length=200, verbose_name="who"
                    ),
                ),
                (
                    "porta",
                    biblioteca.records.fields.CodePointField(max_length=20, verbose_name="door"),
                ),
                ("modo", biblioteca.records.fields.CodePointField(max_length=10)),
                ("ate_id", models.BigIntegerField(null=True)),
                ("contagens", models.JSONField(default=dict)),
                ("ficaram", models.JSONField(default=list)),
                ("fim", models.DateTimeField(null=True, verbose_name="ended")),
            ],
            options={
                "verbose_name": "undoing",
                "verbose_name_plural": "undoings",
                "indexes": [models.Index(fields=["grupo", "id"], name="records_undoing_group")],
                "default_permissions": ("view",),
            },
        ),
    ]
