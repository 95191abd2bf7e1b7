import django.db.models.deletion
from django.db import migrations, models

# Who was asked together is asked each for themselves: what was answered stays with the first, the others may still.
FILL = """
UPDATE programs_followup f SET client_id = (
    SELECT m.client_id FROM programs_programmember m WHERE m.program_id = f.program_id ORDER BY m.position LIMIT 1
);
INSERT INTO programs_followup (id, program_id, client_id, days_after, due_on, asked_at)
SELECT gen_random_uuid(), f.program_id, m.client_id, f.days_after, f.due_on, f.asked_at
FROM programs_followup f
JOIN programs_programmember m ON m.program_id = f.program_id AND m.client_id <> f.client_id;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("practice", "0001_initial"),
        ("programs", "0005_count_the_changes_of_goals"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="followup", name="a_follow_up_is_made_once"),
        migrations.AddField(
            model_name="followup",
            name="client",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="follow_ups",
                to="practice.client",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="followup",
            name="client",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="follow_ups", to="practice.client"
            ),
        ),
        migrations.AddConstraint(
            model_name="followup",
            constraint=models.UniqueConstraint(
                fields=("program", "client", "days_after"), name="a_follow_up_is_made_once"
            ),
        ),
    ]
