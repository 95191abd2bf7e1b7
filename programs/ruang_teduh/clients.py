"""The clients of the demo beyond the cast: invented names, and what people like them might want to talk about."""

from dataclasses import dataclass
from random import Random

JAKARTA, MAKASSAR, JAYAPURA, BERLIN = "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Europe/Berlin"


@dataclass(frozen=True)
class Sketch:
    """One client, before they are saved. `years` is their age."""

    name: str
    time_zone: str = JAKARTA
    language: str = "id"
    years: int = 30
    guardian: str = ""


SKETCHES = [
    Sketch("Andini Larasati", years=27),
    Sketch("Rudi Hartono", years=44),
    Sketch("Fatimah Azzahra", MAKASSAR, years=33),
    Sketch("Yohanes Krisna", years=29),
    Sketch("Lestari", years=38),
    Sketch("Andi Baso Mappanyukki", MAKASSAR, years=51),
    Sketch("Made Suryani", MAKASSAR, years=35),
    Sketch("Dimas Prakoso", years=24),
    Sketch("Grace Simatupang", years=31),
    Sketch("Nur Hidayah", MAKASSAR, years=28),
    Sketch("Taufik Rahman", years=40),
    Sketch("Melinda Wijaya", years=36),
    Sketch("Alya Ramadhani", years=16, guardian="Ratih Ramadhani"),
    Sketch("Jonas Becker", BERLIN, "en", 34),
    Sketch("Agus Setiawan", years=47),
    Sketch("Christina Pattiasina", JAYAPURA, years=42),
    Sketch("Bagas Nugroho", years=22),
    Sketch("Wati Suhartini", years=58),
    Sketch("Irfan Hakim", MAKASSAR, years=30),
    Sketch("Dewi Sartika Putri", years=26),
    Sketch("Michelle Tan", years=32),
    Sketch("Syahrul Gunawan", MAKASSAR, years=37),
    Sketch("Putri Ayuningtyas", years=23),
    Sketch("Markus Wenda", JAYAPURA, years=29),
    Sketch("Hesti Purwanti", years=45),
    Sketch("Reza Pahlevi", years=33),
    Sketch("Nadira Kusuma", years=20),
    Sketch("Hasan Basri", MAKASSAR, years=49),
    Sketch("Clara Oktavia", years=28),
    Sketch("Slamet Riyadi", years=61),
    Sketch("Tiara Anggraeni", years=25),
    Sketch("Emily Carter", language="en", years=39),
    Sketch("Gilang Permana", years=27),
    Sketch("Rosmini Daeng Ngai", MAKASSAR, years=54),
    Sketch("Fajar Sidik", years=35),
    Sketch("Yuliana Kogoya", JAYAPURA, years=26),
    Sketch("Arief Budiman", years=41),
    Sketch("Sekar Arum", years=30),
    Sketch("Nining", years=48),
    Sketch("Vincent Halim", years=37),
    Sketch("Ramlah", MAKASSAR, years=43),
]
FIRST = (
    "Adi", "Anita", "Arya", "Bella", "Cahya", "Danu", "Desi", "Erlangga", "Farah", "Gita", "Hana", "Indah", "Jaka",
    "Kirana", "Lina", "Mira", "Nanda", "Oki", "Prita", "Raka", "Salma", "Tari", "Umar", "Vina", "Wahyu", "Yanti",
)  # fmt: skip
LAST = (
    "Abdullah", "Chandra", "Daulay", "Fauzi", "Ginting", "Harahap", "Ismail", "Kusumo", "Lesmana", "Mahendra", "Nurdin",
    "Oktaviani", "Pranata", "Rachman", "Saputra", "Tobing", "Wardhana", "Yulianto", "Zulkarnain",
)  # fmt: skip

QUESTIONS = {
    "id": (
        (
            "Akhir-akhir ini saya sulit berhenti memikirkan pekerjaan, juga di akhir pekan. Saya ingin tahu sebaiknya "
            "mulai dari mana."
        ),
        (
            "Saya dan kakak saya sudah setahun tidak bicara. Ibu kami sakit dan saya ingin mencoba lagi, tetapi tidak "
            "tahu caranya."
        ),
        (
            "Saya diterima bekerja di kota lain. Pasangan saya belum ingin pindah. Kami perlu cara membicarakannya "
            "dengan kepala dingin."
        ),
        "Tidur saya berantakan sejak pindah ke giliran malam. Siang hari saya mudah kesal pada anak-anak.",
        "Ayah meninggal empat bulan lalu. Saya sudah kembali bekerja, tetapi rasanya berjalan seperti di dalam kabut.",
        "Skripsi saya tertunda dua semester. Setiap membuka laptop, saya malah membereskan kamar.",
        "Anak saya, 7 tahun, tidak mau sekolah sejak semester ini. Gurunya bilang di kelas ia baik-baik saja.",
        "Saya sering merasa tidak cukup baik dibanding rekan sekantor, walaupun penilaian saya bagus.",
        "Kami baru punya bayi. Saya bahagia, tetapi juga sering menangis tanpa tahu kenapa.",
        "Saya gugup setiap kali bicara di depan orang. Bulan depan saya perlu presentasi besar.",
        "Orang tua ingin saya melanjutkan usaha keluarga. Saya ingin hal lain, tetapi takut mengecewakan mereka.",
        "Setelah bercerai, saya ingin belajar sendiri lagi tanpa merasa sepi setiap malam.",
        "Saya merawat ibu yang pelupa. Saya lelah dan merasa bersalah karena lelah.",
        "Sejak pensiun, hari-hari terasa panjang. Saya ingin menata ulang waktu saya.",
        "Saya ingin mengurangi waktu bermain ponsel di malam hari. Sudah beberapa kali mencoba dan gagal.",
        "Teman dekat saya menjauh tanpa penjelasan. Saya terus memutar ulang percakapan terakhir kami.",
        "Saya bekerja di proyek jauh dari rumah, tiga bulan sekali baru pulang. Akhir-akhir ini makin berat.",
        "Saya bingung memilih antara dua tawaran kerja. Saya ingin dibantu melihatnya dengan jernih.",
        "Dada saya sering berdebar sebelum rapat. Dokter bilang jantung saya sehat.",
        "Kami ingin menikah tahun depan dan ingin membicarakan beberapa hal penting sebelum itu.",
        "Saya ingin lebih sabar. Di rumah saya cepat meninggikan suara, lalu menyesal.",
        "Saya pindah ke sini dua bulan lalu dan belum punya teman. Saya ingin tahu cara memulai.",
    ),
    "en": (
        "I moved to Jakarta for work and I feel less sure of myself here than at home. I would like to understand why.",
        "My partner and I live in different time zones. I would like to talk about how we decide what comes next.",
        "I keep postponing things that matter to me. I would like to find out what gets in the way.",
    ),
}
CAST_QUESTIONS = {
    "rina": (
        "Sejak dipercaya memimpin tim, saya sulit tidur di malam sebelum rapat. Saya ingin tahu apa yang bisa saya "
        "ubah tanpa pindah pekerjaan."
    ),
    "budi": "Saya ingin menimbang tawaran kerja baru. Istri saya lebih suka kami tetap di sini. Kepala saya penuh.",
    "budi-couple": (
        "Saya dan istri ingin bicara tentang rencana pindah kota dengan ada orang ketiga yang tenang. Kami berdua bisa "
        "hari kerja setelah pukul 13."
    ),
    "sari": (
        "Saya perawat di Jayapura. Beberapa bulan ini saya pulang kerja tanpa tenaga untuk apa pun. Saya ingin bicara "
        "dengan orang di luar tempat kerja."
    ),
}


def sketches(count: int, rng: Random) -> list[Sketch]:
    """The first `count` clients beyond the cast: those above, then others put together by chance."""
    more = (
        Sketch(
            f"{rng.choice(FIRST)} {rng.choice(LAST)}",
            rng.choice([JAKARTA, JAKARTA, MAKASSAR]),
            "id",
            rng.randint(19, 64),
        )
        for _number in range(len(SKETCHES), count)
    )
    return [*SKETCHES[:count], *more]


def email_of(name: str, number: int) -> str:
    """An address that nobody has: .example is kept free for examples."""
    return f"{'.'.join(name.lower().split())}.{number}@klien.example"
