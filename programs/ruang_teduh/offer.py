"""What the demo practice offers and where: places, rooms, services with prices and rules, in both languages."""

from practice.catalog.models import Approval, Kind, Mode

PRACTICE = {
    "name": "Ruang Teduh",
    "email": "halo@ruangteduh.example",
    "phone": "021 555 0101",
    "whatsapp": "+628405550101",  # no operator has numbers that begin with 0840
    "time_zone": "Asia/Jakarta",
    "country": "ID",
}

# Short name → the place and its rooms. No street here has numbers as high as these.
PLACES = {
    "Cikini": (
        {
            "name": "Ruang Teduh Cikini",
            "address": "Jalan Cikini Raya 512, lantai 2\nMenteng, Jakarta Pusat 10330",
            "directions_id": (
                "Tujuh menit berjalan kaki dari Stasiun Cikini. Pintu masuknya berwarna hijau, di samping toko buku, "
                "tanpa papan nama besar. Tekan bel bertuliskan RT. Ada lift, dan kursi roda bisa masuk sampai ruang "
                "tunggu. Ruang tunggu terbagi dua, jadi Anda bisa duduk sendiri."
            ),
            "directions_en": (
                "Seven minutes on foot from Cikini station. The entrance is a green door beside the bookshop, without "
                "a large sign. Ring the bell marked RT. There is a lift, and a wheelchair can reach the waiting room. "
                "The waiting room has two parts, so that you can sit by yourself."
            ),
            "time_zone": "Asia/Jakarta",
        },
        ["Ruang Melati", "Ruang Kenanga", "Ruang Cempaka"],
    ),
    "Makassar": (
        {
            "name": "Ruang Teduh Makassar",
            "address": "Jalan Sultan Hasanuddin 518\nUjung Pandang, Makassar 90111",
            "directions_id": (
                "Rumah bercat krem dengan pohon ketapang di depan, sekitar sepuluh menit dari Pantai Losari. Parkir "
                "ada di halaman. Masuk lewat pintu samping kiri, lalu duduk di teras dalam. Konselor menjemput Anda di "
                "sana."
            ),
            "directions_en": (
                "A cream-coloured house with a ketapang tree in front, about ten minutes from Losari beach. You can "
                "park in the yard. Come in by the door on the left side and take a seat on the inner porch. Your "
                "counselor will meet you there."
            ),
            "time_zone": "Asia/Makassar",
        },
        ["Ruang Lontara", "Ruang Anggrek"],
    ),
}

HOW_TO_PAY = {
    "how_to_pay_id": (
        "Transfer ke Bank Contoh 000 555 0101 atas nama Ruang Teduh, paling lambat di hari pertemuan. Tulis kode janji "
        "temu di berita transfer. Jika Anda datang langsung, Anda juga bisa membayar dengan QRIS di meja depan."
    ),
    "how_to_pay_en": (
        "Transfer to Bank Contoh 000 555 0101, Ruang Teduh, on the day of the appointment at the latest. Put the "
        "appointment code into the reference. If you come in person you can also pay by QRIS at the front desk."
    ),
}

# Rules that are not named here are the defaults of the model.
SERVICES = [
    {
        "slug": "konsultasi",
        "kind": Kind.CONSULTATION,
        "name_id": "Konsultasi",
        "name_en": "Consultation",
        "fits_id": "ada satu hal yang ingin Anda bahas dan Anda ingin mendengar pandangan seorang ahli.",
        "fits_en": "there is one thing you want to talk through and you would like a professional view on it.",
        "about_id": (
            "Satu kali pertemuan. Di awal Anda menceritakan persoalannya dengan kata-kata Anda. Konselor bertanya, "
            "lalu memberi penjelasan, pandangan, dan saran yang bisa Anda pakai. Sepuluh menit terakhir dipakai untuk "
            "merangkum. Anda menerima ringkasan sarannya, dan tidak perlu datang lagi kecuali Anda menginginkannya."
        ),
        "about_en": (
            "A single meeting. At the beginning you describe the matter in your own words. The counselor asks, then "
            "gives explanations, a view and advice that you can use. The last ten minutes are for summing up. You "
            "receive a summary of the advice, and need not come again unless you want to."
        ),
        "position": 10,
        "modes": [Mode.VIDEO, Mode.IN_PERSON, Mode.PHONE],
        "price": 350_000,
    },
    {
        "slug": "konsultasi-awal",
        "kind": Kind.INITIAL,
        "name_id": "Konsultasi awal",
        "name_en": "Initial consultation",
        "fits_id": "Anda ingin mengerjakan sesuatu bertahap dan ingin tahu rencana mana yang sesuai.",
        "fits_en": "you want to work on something step by step and would like to know which plan would suit.",
        "about_id": (
            "Pintu masuk ke konseling. Anda dan konselor melihat persoalannya bersama: sejak kapan, kapan lebih "
            "ringan, apa yang sudah Anda coba. Sesudahnya konselor mengusulkan rencana: metode, jumlah sesi, tujuan, "
            "dan biaya. Anda memikirkannya dengan tenang dan memutuskan sendiri. Pertemuan ini belum termasuk sesi "
            "konseling."
        ),
        "about_en": (
            "The way into counseling. You and the counselor look at the matter together: since when, when it is "
            "lighter, what you have tried. Afterwards the counselor proposes a plan: method, number of sessions, goals "
            "and cost. You think it over in peace and decide for yourself. This meeting does not yet count as a "
            "session."
        ),
        "position": 20,
        "modes": [Mode.VIDEO, Mode.IN_PERSON],
        "price": 350_000,
    },
    {
        "slug": "konsultasi-berdua",
        "kind": Kind.CONSULTATION,
        "name_id": "Konsultasi berdua",
        "name_en": "Consultation for two",
        "fits_id": "Anda dan pasangan ingin membahas satu hal bersama, dengan pihak ketiga yang tenang.",
        "fits_en": "you and your partner want to talk one thing over together, with a calm third person.",
        "about_id": (
            "Satu kali pertemuan untuk dua orang. Masing-masing mendapat waktu bicara yang sama. Konselor membantu "
            "Anda berdua saling mendengar, lalu menyampaikan pandangan dan saran. Kami menjawab permintaan Anda dalam "
            "satu hari, karena pertemuan ini lebih panjang dan ruangannya perlu disiapkan."
        ),
        "about_en": (
            "A single meeting for two people. Both have the same time to speak. The counselor helps you hear each "
            "other, then gives a view and advice. We answer your request within a day, since this meeting is longer "
            "and the room needs to be prepared."
        ),
        "position": 30,
        "modes": [Mode.IN_PERSON, Mode.VIDEO],
        "approval": Approval.REQUEST,
        "minutes": 90,
        "price": 550_000,
    },
    {
        "slug": "sesi-program",
        "kind": Kind.SESSION,
        "name_id": "Sesi konseling",
        "name_en": "Counseling session",
        "fits_id": "Untuk klien yang sedang menjalani program konseling.",
        "fits_en": "For clients who are in a counseling program.",
        "about_id": "Satu sesi dari program yang sudah disepakati. Waktunya diatur bersama konselor.",
        "about_en": "One session of a program that has been agreed. Its time is arranged with the counselor.",
        "position": 40,
        "modes": [Mode.VIDEO, Mode.IN_PERSON, Mode.PHONE],
        "is_public": False,
        "price": 375_000,
    },
    {
        "slug": "asesmen",
        "kind": Kind.ASSESSMENT,
        "name_id": "Asesmen",
        "name_en": "Assessment",
        "fits_id": "Untuk klien yang diminta atau disarankan menjalani asesmen.",
        "fits_en": "For clients who were asked or advised to have an assessment.",
        "about_id": (
            "Pengisian alat ukur dan wawancara di tempat. Hasilnya dibahas bersama Anda di pertemuan tersendiri."
        ),
        "about_en": (
            "Questionnaires and an interview on site. The result is discussed with you in a meeting of its own."
        ),
        "position": 50,
        "modes": [Mode.IN_PERSON],
        "is_public": False,
        "minutes": 120,
        "price": 650_000,
    },
    {
        "slug": "tindak-lanjut",
        "kind": Kind.FOLLOW_UP,
        "name_id": "Tindak lanjut",
        "name_en": "Follow-up",
        "fits_id": "Untuk klien yang sudah menyelesaikan program.",
        "fits_en": "For clients who have completed a program.",
        "about_id": "Percakapan singkat beberapa minggu setelah program selesai, untuk melihat apa yang bertahan.",
        "about_en": "A short conversation some weeks after the end of a program, to see what has lasted.",
        "position": 60,
        "modes": [Mode.VIDEO, Mode.PHONE],
        "is_public": False,
        "minutes": 30,
        "price": 150_000,
    },
]
COUPLES = "konsultasi-berdua"
