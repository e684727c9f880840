from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0014_history_by_door"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="historyentry",
            index=models.Index(
                fields=["acao", "recurso", "momento", "id"], name="records_history_kind"
            ),
        ),
    ]
