from django.db import migrations

# A consent given with an offer that ended unsigned ended with it.
END = """
UPDATE practice_consent c SET withdrawn_at = (
    SELECT min(p.answered_at) FROM programs_plan p
    WHERE p.program_id = c.given_for AND p.cause = 'proposal' AND p.status IN ('declined', 'expired', 'withdrawn')
      AND p.offered_at <= c.given_at AND p.answered_at >= c.given_at
)
WHERE c.withdrawn_at IS NULL AND c.given_for IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("programs", "0013_let_what_is_booked_rest_with_its_program"),
    ]

    operations = [migrations.RunSQL(END, migrations.RunSQL.noop)]
