"""The clients of the demo beyond the cast. Their names are invented."""

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
    Sketch("Lestari", MAKASSAR, years=38),
    Sketch("Andi Baso Mappanyukki", MAKASSAR, years=51),
    Sketch("Made Suryani", MAKASSAR, years=35),
    Sketch("Dimas Prakoso", years=24),
    Sketch("Grace Simatupang", years=31),
    Sketch("Nur Hidayah", MAKASSAR, years=28),
    Sketch("Taufik Rahman", MAKASSAR, years=40),
    Sketch("Melinda Wijaya", years=36),
    Sketch("Alya Ramadhani", years=16, guardian="Ratih Ramadhani"),
    Sketch("Jonas Becker", BERLIN, "en", 34),
    Sketch("Agus Setiawan", years=47),
    Sketch("Christina Pattiasina", JAYAPURA, years=42),
    Sketch("Bagas Nugroho", years=22),
    Sketch("Wati Suhartini", years=58),
    Sketch("Irfan Hakim", MAKASSAR, years=30),
    Sketch("Desi Kartika Putri", years=26),
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
    Sketch("Nining", MAKASSAR, years=48),
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


def sketches(count: int, rng: Random) -> list[Sketch]:
    """The first `count` clients beyond the cast: those above, then others put together by chance."""
    return [*SKETCHES[:count], *(another_sketch(rng) for _number in range(len(SKETCHES), count))]


def another_sketch(rng: Random) -> Sketch:
    names = [rng.choice(FIRST), *([rng.choice(FIRST)] if rng.random() < 0.5 else []), rng.choice(LAST)]
    return Sketch(" ".join(names), rng.choice([JAKARTA, JAKARTA, MAKASSAR]), "id", rng.randint(19, 64))


def email_of(name: str, number: int) -> str:
    """An address that nobody has: .example is kept free for examples."""
    return f"{'.'.join(name.lower().split())}.{number}@klien.example"
