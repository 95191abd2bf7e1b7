"""The texts clients consent to. A text that was ever shown is never changed: it gets a next version."""

import hashlib
from datetime import datetime
from uuid import UUID

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
    ("program", 1): {
        "id": (
            "Saya mengikuti program konseling ini atas kemauan saya sendiri. Saya memahami rencana, biaya, "
            "dan aturannya. Saya boleh berhenti kapan saja tanpa memberi alasan. "
            "Yang kami bicarakan tetap rahasia, kecuali bila keselamatan seseorang terancam atau hukum mewajibkannya."
        ),
        "en": (
            "I take part in this counseling program of my own free will. I understand its plan, its cost and its "
            "rules. I may stop at any time without giving a reason. What we talk about stays confidential, unless "
            "somebody’s safety is at risk or the law demands it."
        ),
    },
    ("health", 1): {
        "id": (
            "Saya setuju konselor saya mencatat dan memakai data tentang kesehatan jiwa saya untuk program ini. "
            "Catatan disimpan terenkripsi. Bagian jadwal dan manajer tidak dapat membacanya. "
            "Saya boleh menarik persetujuan ini; sejak saat itu program tidak dapat dilanjutkan."
        ),
        "en": (
            "I agree that my counselor records and uses data about my mental health for this program. "
            "The records are stored encrypted. Front desk and manager cannot read them. "
            "I may withdraw this consent; from then on the program cannot go on."
        ),
    },
    ("online", 1): {
        "id": (
            "Saya setuju bertemu lewat panggilan video. Saya mencari tempat yang tenang dan tidak didengar orang lain. "
            "Tidak ada yang merekam pertemuan. Saya tahu sambungan bisa terputus, dan konselor akan menghubungi saya "
            "bila itu terjadi."
        ),
        "en": (
            "I agree to meet by video call. I look for a quiet place where nobody else listens. "
            "Nobody records the meeting. I know that the connection may break, and that my counselor contacts me "
            "if it does."
        ),
    },
    ("supervision", 1): {
        "id": (
            "Saya setuju konselor saya membahas pekerjaannya dengan supervisornya, yang boleh membaca catatan "
            "program ini dan wajib menjaga kerahasiaan yang sama."
        ),
        "en": (
            "I agree that my counselor discusses this work with a supervisor, who may read the records of this "
            "program and is bound to the same confidentiality."
        ),
    },
}
CURRENT = {"booking": 1, "guardian": 1, "program": 1, "health": 1, "online": 1, "supervision": 1}


def text_of(purpose: str, language: str, version: int | None = None) -> str:
    """The text for this purpose, by default the current version; Indonesian where the language has none."""
    texts = TEXTS[purpose, version or CURRENT[purpose]]
    return texts.get(language, texts["id"])


def given(*, client: Client, purpose: str, language: str, now: datetime, given_for: UUID | None = None) -> Consent:
    """An unsaved consent to the current text, in the language in which it was read: to a booking, or for a program."""
    text = text_of(purpose, language)
    return Consent(
        client=client,
        purpose=purpose,
        version=CURRENT[purpose],
        language=language,
        text_hash=hashlib.sha256(text.encode()).hexdigest(),
        given_for=given_for,
        given_at=now,
    )
