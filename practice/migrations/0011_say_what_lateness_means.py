from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("practice", "0010_keep_the_network_of_a_hold"),
    ]

    operations = [
        migrations.AddField(
            model_name="meeting",
            name="late_rule",
            field=models.CharField(
                blank=True,
                default="",
                help_text="what was agreed of a late cancellation: counts, replaced; else the fee is due",
                max_length=10,
            ),
        ),
    ]
