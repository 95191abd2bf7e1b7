from django.db import migrations, models

FILL = """
UPDATE programs_programmember m SET was_offered = p.was_proposed
FROM programs_program p WHERE p.id = m.program_id;
"""
UNFILL = """
UPDATE programs_program p SET was_proposed = EXISTS (
    SELECT 1 FROM programs_programmember m WHERE m.program_id = p.id AND m.was_offered
);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("programs", "0009_sessions_say_what_lateness_means"),
    ]

    operations = [
        migrations.AddField(
            model_name="programmember",
            name="was_offered",
            field=models.BooleanField(default=False, help_text="a proposal was there for them to read"),
        ),
        migrations.RunSQL(FILL, UNFILL),
        migrations.RemoveField(model_name="program", name="was_proposed"),
    ]
