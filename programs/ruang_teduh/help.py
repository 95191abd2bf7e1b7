"""Whom the demo names for a crisis. Real lines only, said as honestly as we know them; the practice's own are invented.

Sources: 119 extension 8 with healing119.id, of the Ministry of Health, opened again on 31 July 2025
(kesprimkom.kemkes.go.id/konten/158); slow replies: press of December 2025 on the ministry's own figures
(murianetwork.com, pr-129084) and of 2024 on calls that did not get through (detik.com, d-7609380). 112 is the state's
emergency number, run by each city or regency that has joined. A practice checks every entry by hand before going live.
"""

from practice.pages.models import HelpContact

Level = HelpContact.Level

# Fields of a HelpContact, and how many days ago somebody checked it.
CONTACTS = [
    (
        {
            "level": Level.DANGER,
            "position": 10,
            "name_id": "Panggilan darurat 112",
            "name_en": "Emergency number 112",
            "phone": "112",
            "hours_id": "Setiap hari, 24 jam",
            "hours_en": "Every day, around the clock",
            "note_id": "Gratis. Belum tersedia di semua kota. Jika tidak tersambung, pergi ke IGD terdekat.",
            "note_en": (
                "Free. Not every city has it yet. If it does not connect, go to the nearest emergency department."
            ),
        },
        3,
    ),
    (
        {
            "level": Level.TODAY,
            "position": 10,
            "name_id": "Healing119, Kementerian Kesehatan",
            "name_en": "Healing119, Ministry of Health",
            "phone": "119",
            "website": "https://www.healing119.id",
            "hours_id": "Jam layanan ada di situsnya",
            "hours_en": "Hours are on its website",
            "note_id": (
                "Setelah tersambung, tekan 8. Gratis, dan Anda tidak perlu menyebut nama. Layanan ini sering penuh: "
                "balasan tertulis bisa beberapa jam, dan telepon tidak selalu tersambung."
            ),
            "note_en": (
                "Press 8 once connected. Free, and you need not give a name. It is often busy: written replies can "
                "take hours, and calls do not always get through. In Indonesian."
            ),
        },
        3,
    ),
    (
        {
            "level": Level.TALK,
            "position": 10,
            "name_id": "Meja depan, Jakarta",
            "name_en": "Front desk, Jakarta",
            "phone": "021 555 0101",
            "hours_id": "Senin–Jumat pukul 09.00–17.00 WIB",
            "hours_en": "Monday to Friday, 09:00–17:00 WIB",
            "note_id": "Untuk janji temu dan pertanyaan. Di luar jam itu tidak ada yang menjawab.",
            "note_en": "For appointments and questions. Outside these hours nobody answers.",
        },
        6,
    ),
    (
        {
            "level": Level.TALK,
            "position": 20,
            "name_id": "Meja depan, Makassar",
            "name_en": "Front desk, Makassar",
            "phone": "0411 555 0120",
            "hours_id": "Senin–Jumat pukul 09.00–16.00 WITA",
            "hours_en": "Monday to Friday, 09:00–16:00 WITA",
            "note_id": "Untuk janji temu dan pertanyaan. Di luar jam itu tidak ada yang menjawab.",
            "note_en": "For appointments and questions. Outside these hours nobody answers.",
        },
        6,
    ),
]
