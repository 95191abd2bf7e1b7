"""The texts clients consent to. A text that was ever shown is never changed: it gets a next version."""

import hashlib
from datetime import datetime

from practice.people.clients import Client, Consent

TEXTS = {
    ("booking", 1): {
        "id": (
            "Saya setuju data yang saya tulis dipakai konselor saya untuk pertemuan ini. "
            "Praktik menyimpan nama, kontak, dan waktu pertemuan saya untuk mengatur jadwal. "
            "Hal yang ingin saya bicarakan disimpan terenkripsi dan hanya dibaca konselor saya. "
            "Saya bisa melihat, memperbaiki, atau meminta penghapusan data saya, "
            "dan menarik persetujuan ini kapan saja."
        ),
        "en": (
            "I agree that my counselor uses what I wrote for this appointment. "
            "The practice keeps my name, contact and appointment time to run its schedule. "
            "What I want to talk about is stored encrypted and read only by my counselor. "
            "I can see and correct my data, ask for it to be erased, and withdraw this consent at any time."
        ),
    },
    ("guardian", 1): {
        "id": (
            "Saya orang tua atau wali dari klien yang belum dewasa ini. "
            "Saya setuju ia bertemu konselor dan datanya dipakai untuk pertemuan ini. "
            "Saya tahu bahwa isi pembicaraan tetap menjadi rahasia antara klien dan konselor, "
            "kecuali bila ada bahaya bagi keselamatan seseorang."
        ),
        "en": (
            "I am the parent or guardian of this client, who is not yet of age. "
            "I agree that they meet the counselor and that their data is used for this appointment. "
            "I understand that what they talk about stays between the client and the counselor, "
            "unless somebody's safety is at risk."
        ),
    },
}
CURRENT = {"booking": 1, "guardian": 1}


def text_of(purpose: str, language: str, version: int | None = None) -> str:
    """The text for this purpose, by default the current version; Indonesian where the language has none."""
    texts = TEXTS[purpose, version or CURRENT[purpose]]
    return texts.get(language, texts["id"])


def given(*, client: Client, purpose: str, language: str, now: datetime) -> Consent:
    """An unsaved consent to the current text, in the language in which it was read."""
    text = text_of(purpose, language)
    return Consent(
        client=client,
        purpose=purpose,
        version=CURRENT[purpose],
        language=language,
        text_hash=hashlib.sha256(text.encode()).hexdigest(),
        given_at=now,
    )
