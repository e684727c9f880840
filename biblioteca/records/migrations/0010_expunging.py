import django.utils.timezone
from django.db import migrations, models

import biblioteca.records.fields


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0009_undoing"),
    ]

    operations = [
        migrations.CreateModel(
            name="Expunging",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "momento",
                    models.DateTimeField(
                        db_index=True, default=django.utils.timezone.now, verbose_name="when"
                    ),
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
                (
                    "tipo",
                    biblioteca.records.fields.CodePointField(
                        choices=[
                            ("pessoa", "a person who used the catalogue"),
                            ("registro", "a record about a person"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "alvo",
                    biblioteca.records.fields.CodePointField(max_length=60, verbose_name="about"),
                ),
                ("contagens", models.JSONField(default=dict, verbose_name="counts")),
            ],
            options={
                "verbose_name": "removal of personal data",
                "verbose_name_plural": "removals of personal data",
                "default_permissions": ("view",),
            },
        ),
    ]
