from django.db import migrations

# A consent was given for the last program that this client had signed by then. Who had several under way may have
# taken one back for all of them: such consents stay taken back.
FILL = """
UPDATE practice_consent c
SET given_for = (
    SELECT p.program_id FROM programs_signature s JOIN programs_plan p ON p.id = s.plan_id
    WHERE s.client_id = c.client_id AND p.cause = 'proposal' AND s.signed_at <= c.given_at
    ORDER BY s.signed_at DESC LIMIT 1
)
WHERE c.purpose IN ('program', 'health', 'online', 'supervision');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("practice", "0009_know_what_a_consent_was_given_for"),
        ("programs", "0007_sessions_stand_in_their_series"),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
