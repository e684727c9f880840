import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import biblioteca.records.fields


class Migration(migrations.Migration):
    dependencies = [("loading", "0004_catalogue_code")]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "lote",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="envio",
                        serialize=False,
                        to="loading.batch",
                    ),
                ),
                ("arquivos", models.JSONField(default=list, verbose_name="files")),
                ("pedido", models.JSONField(default=dict, verbose_name="asked for")),
                ("relatorio", models.JSONField(default=dict, verbose_name="report")),
                (
                    "rejeitados",
                    biblioteca.records.fields.CodePointField(
                        blank=True, max_length=300, verbose_name="rejected lines"
                    ),
                ),
                ("andamento", models.JSONField(default=dict, verbose_name="progress")),
                (
                    "tarefa",
                    biblioteca.records.fields.CodePointField(
                        blank=True, max_length=40, verbose_name="task"
                    ),
                ),
                (
                    "tentativas",
                    models.PositiveSmallIntegerField(default=0, verbose_name="attempts"),
                ),
                (
                    "posse",
                    biblioteca.records.fields.CodePointField(
                        blank=True, max_length=40, verbose_name="held by"
                    ),
                ),
                (
                    "sinal",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="last sign of life"
                    ),
                ),
            ],
            options={"verbose_name": "upload", "verbose_name_plural": "uploads"},
        ),
    ]
