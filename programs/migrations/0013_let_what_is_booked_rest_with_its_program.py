from django.db import migrations

# What is still to be held of a program that rests rests with it.
FILL = """
UPDATE practice_meeting m SET rests_until = p.resume_on
FROM programs_program p
WHERE p.id = m.series AND p.status = 'paused' AND m.status IN ('requested', 'confirmed') AND m.starts_at > now();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("practice", "0013_let_a_series_rest"),
        ("programs", "0012_keep_the_terms_of_a_plan"),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
