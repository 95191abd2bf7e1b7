"""What was offered in the demo, word for word in both languages, and who signed it."""

from django.conf import settings

from practice.records.models import encrypted_fields
from programs.agreement.offer import Offer, fetch_offer, hash_of, text_in
from programs.plan.models import Plan, PlanStatus, Signature
from programs.plan.texts import PlanText
from programs.ruang_teduh.threads import Told


def print_offers(told: list[Told]) -> None:
    """Once all texts are saved: keep the offered texts with their hashes, and the signatures under them."""
    texts, signatures = [], []
    for found in told:
        for plan in found.plans:
            if plan.status == PlanStatus.DRAFT:
                continue
            offer = opened(fetch_offer(plan))
            said = {code: text_in(offer, code) for code, _name in settings.LANGUAGES}
            plan.text_hash = hash_of(said[found.language])
            texts += [
                PlanText(plan=plan, language=code, text=text, text_hash=hash_of(text)) for code, text in said.items()
            ]
            for signature in found.signatures:
                if signature.plan is plan:
                    signature.text_hash = hash_of(said[signature.language])
                    signature.signed_by = signature.client.user
                    signatures.append(signature)
    Plan.objects.bulk_update([text.plan for text in texts], ["text_hash"])
    PlanText.objects.bulk_create(texts)
    Signature.objects.bulk_create(signatures)


def opened(offer: Offer) -> Offer:
    """The offer with its texts open. Nobody reads them here, so there is no trail."""
    for rows in offer.rows:
        for row in rows:
            for field in encrypted_fields(type(row)):
                setattr(row, field.attname, field.opened(row))
    return offer
