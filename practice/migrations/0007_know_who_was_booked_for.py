from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("practice", "0006_keep_the_gap_of_a_series"),
    ]

    operations = [
        migrations.AddField(
            model_name="client",
            name="is_booked_for",
            field=models.BooleanField(default=False, help_text="the address is that of somebody who booked for them"),
        ),
    ]
