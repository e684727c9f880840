from django.db import migrations

import biblioteca.records.fields


class Migration(migrations.Migration):
    dependencies = [("loading", "0005_upload")]

    operations = [
        migrations.AlterField(
            model_name="batch",
            name="estado",
            field=biblioteca.records.fields.CodePointField(
                choices=[
                    ("recebido", "received"),
                    ("simulando", "being checked"),
                    ("simulado", "checked, waiting for confirmation"),
                    ("na_fila", "waiting for its turn"),
                    ("carregando", "loading"),
                    ("concluido", "finished"),
                    ("interrompido", "stopped before the end"),
                    ("desfazendo", "being undone"),
                    ("desfeito", "undone"),
                    ("falhou", "failed"),
                ],
                default="carregando",
                max_length=20,
                verbose_name="state",
            ),
        ),
    ]
