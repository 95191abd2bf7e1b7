"""The counselors of the demo: who they are to somebody who is choosing, in both languages, and when they work."""

from dataclasses import dataclass
from random import Random

from django.utils.text import slugify

JAKARTA, MAKASSAR, JAYAPURA = "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"
CIKINI, LOSARI = "Cikini", "Makassar"
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = range(6)
LICENCE_LASTS = 900  # days, where nothing else is said

TOPICS = [
    ("kecemasan", "Cemas dan khawatir", "Anxiety and worry"),
    ("suasana-hati", "Sedih dan hilang semangat", "Low mood and lost energy"),
    ("stres-kerja", "Stres dan lelah bekerja", "Stress and exhaustion at work"),
    ("pasangan", "Hubungan dan pasangan", "Relationships and couples"),
    ("keluarga", "Keluarga", "Family"),
    ("pengasuhan", "Mengasuh anak", "Raising children"),
    ("duka", "Duka dan kehilangan", "Grief and loss"),
    ("percaya-diri", "Percaya diri", "Confidence"),
    ("studi-karier", "Pilihan studi dan karier", "Study and career choices"),
    ("kebiasaan", "Kebiasaan dan menunda-nunda", "Habits and putting things off"),
    ("tidur", "Sulit tidur", "Trouble sleeping"),
    ("perubahan-hidup", "Perubahan hidup", "Changes in life"),
]


@dataclass(frozen=True)
class Window:
    """One weekly window of work, from and until as "09:00"; with a place, meetings in person happen there."""

    weekday: int
    start: str
    end: str
    place: str = ""


@dataclass(frozen=True)
class Profile:
    who: str
    name: str
    title: str
    gender: str
    languages: tuple[str, ...]
    topics: tuple[str, ...]
    time_zone: str
    approach_id: str
    approach_en: str
    first_session_id: str
    first_session_en: str
    hours: tuple[Window, ...]
    phone: str
    licences: tuple[tuple[str, int], ...] = ()  # kind, days from today until it expires
    sees_couples: bool = False

    @property
    def slug(self) -> str:
        """The name in links: of the whole name, with the number that tells made-up ones apart."""
        return self.who if "-" in self.who else slugify(self.name)


def week(days, *spans, place=""):
    """The same spans ("09:00", "12:00") on each of these weekdays."""
    return tuple(Window(day, start, end, place) for day in days for start, end in spans)


WORKDAYS = range(5)

PROFILES = [
    Profile(
        who="ayu",
        name="Ayu Pratiwi",
        title="M.Psi., Psikolog",
        gender="woman",
        languages=("id", "en", "jv"),
        topics=("kecemasan", "stres-kerja", "percaya-diri", "pasangan"),
        time_zone=JAKARTA,
        approach_id=(
            "Saya bekerja dengan langkah kecil yang bisa dicoba di antara pertemuan. Kita melihat kapan rasa cemas "
            "datang, apa yang ingin dilindunginya, lalu mencari cara menanggapinya yang cocok dengan hidup Anda. Saya "
            "banyak memakai terapi kognitif perilaku, dengan tempo yang Anda tentukan."
        ),
        approach_en=(
            "I work in small steps that you can try between meetings. We look at when the worry comes and what it "
            "wants to protect, then find ways of answering it that suit your life. I often use cognitive behavioral "
            "therapy, at a pace you set."
        ),
        first_session_id=(
            "Untuk pertemuan pertama, tidak ada yang perlu disiapkan. Saya bertanya apa yang membawa Anda ke sini dan "
            "apa yang Anda harapkan setelah kita selesai bicara. Anda boleh diam sejenak, melewati pertanyaan, atau "
            "mematikan kamera. Menjelang akhir kita merangkum bersama apa yang sudah jelas dan apa langkah berikutnya, "
            "termasuk jika ternyata satu pertemuan sudah cukup."
        ),
        first_session_en=(
            "There is nothing to prepare for the first meeting. I ask what brings you here and what you hope for once "
            "we have talked. You may be quiet for a while, pass over a question, or turn off the camera. Towards the "
            "end we sum up together what has become clear and what could come next, even if it turns out that one "
            "meeting was enough."
        ),
        hours=(
            *week(range(4), ("09:00", "12:00"), ("13:00", "17:00"), place=CIKINI),
            *week([FRIDAY], ("08:30", "11:30"), ("13:30", "16:00")),
        ),
        phone="021 555 0111",
        licences=(("STR", 1400), ("SILP", 760)),
        sees_couples=True,
    ),
    Profile(
        who="daeng",
        name="Daeng Rahmat",
        title="M.Psi., Psikolog",
        gender="man",
        languages=("id", "mak", "bug"),
        topics=("keluarga", "pasangan", "duka", "perubahan-hidup"),
        time_zone=MAKASSAR,
        approach_id=(
            "Banyak orang datang kepada saya dengan urusan keluarga yang sudah lama dipendam. Saya mendengarkan dulu. "
            "Lalu kita pilah bersama: mana yang bisa diubah, mana yang perlu diterima, dan mana yang perlu dibicarakan "
            "di rumah. Saya memakai pendekatan sistem keluarga."
        ),
        approach_en=(
            "Many people come to me with family matters they have kept to themselves for a long time. I listen first. "
            "Then we sort things together: what can be changed, what needs to be accepted, and what needs to be talked "
            "about at home. I work with family systems."
        ),
        first_session_id=(
            "Kita mulai dengan berkenalan, lalu Anda bercerita dari mana pun Anda mau. Saya sering menggambar peta "
            "keluarga kecil di kertas supaya kita melihat siapa saja yang ikut terlibat. Anda yang memilih apa yang "
            "digambar dan apa yang belum. Di akhir pertemuan, saya menyampaikan apa yang saya tangkap, dan Anda "
            "membetulkannya bila perlu."
        ),
        first_session_en=(
            "We begin by getting to know each other, then you tell your story from wherever you like. I often draw a "
            "small family map on paper, so that we see who is involved. You choose what goes on it and what does not "
            "yet. At the end I say what I have understood, and you correct me where needed."
        ),
        hours=(
            *week(WORKDAYS, ("09:00", "12:00"), ("13:00", "16:00"), place=LOSARI),
            *week([WEDNESDAY], ("18:30", "20:30")),
        ),
        phone="0411 555 0121",
        licences=(("STR", 1100), ("SILP", 410)),
        sees_couples=True,
    ),
    Profile(
        who="theresia",
        name="Theresia Wulandari",
        title="M.Psi., Psikolog",
        gender="woman",
        languages=("id", "en"),
        topics=("duka", "suasana-hati", "tidur", "perubahan-hidup"),
        time_zone=JAKARTA,
        approach_id=(
            "Setelah kehilangan, orang di sekitar sering ingin Anda cepat pulih. Dengan saya, duka boleh berjalan "
            "sesuai waktunya. Kita merawat hal-hal sederhana lebih dulu, seperti tidur dan makan, lalu pelan-pelan "
            "mencari tempat bagi yang hilang. Saya memakai terapi penerimaan dan komitmen."
        ),
        approach_en=(
            "After a loss, the people around you often want you to recover quickly. With me grief may take its time. "
            "We look after simple things first, such as sleeping and eating, and then slowly find a place for what is "
            "gone. I use acceptance and commitment therapy."
        ),
        first_session_id=(
            "Saya bekerja di sore dan malam hari, dari ruang kerja yang tenang. Pertemuan pertama berjalan pelan. Anda "
            "boleh membawa foto, surat, atau tidak membawa apa-apa. Jika menangis, tidak apa-apa. Kita menutup dengan "
            "satu hal kecil yang bisa menemani Anda sampai besok pagi."
        ),
        first_session_en=(
            "I work in the late afternoon and evening, from a quiet study. The first meeting goes slowly. You may "
            "bring a photograph, a letter, or nothing at all. Tears are fine. We close with one small thing that can "
            "keep you company until the next morning."
        ),
        hours=(
            *week([MONDAY, TUESDAY, THURSDAY], ("15:30", "20:30")),
            *week([SATURDAY], ("09:00", "13:00")),
        ),
        phone="021 555 0112",
        licences=(("STR", 980), ("SILP", 24)),
    ),
    Profile(
        who="hendra",
        name="Hendra Gunawan",
        title="M.Pd., Kons.",
        gender="man",
        languages=("id", "en", "zh"),
        topics=("studi-karier", "kebiasaan", "percaya-diri"),
        time_zone=JAKARTA,
        approach_id=(
            "Saya konselor, bukan psikolog. Saya menemani orang yang sedang memilih: jurusan, pekerjaan, pindah kota. "
            "Kita menuliskan apa yang penting bagi Anda, mencoba beberapa kemungkinan dalam skala kecil, lalu melihat "
            "hasilnya dengan jujur. Saya memakai pendekatan singkat yang berpusat pada solusi."
        ),
        approach_en=(
            "I am a counselor, not a psychologist. I keep people company while they choose: a subject, a job, another "
            "city. We write down what matters to you, try out a few possibilities on a small scale, and look honestly "
            "at the outcome. I use a brief, solution-focused approach."
        ),
        first_session_id=(
            "Kita mulai dari satu pertanyaan yang paling sering Anda pikirkan akhir-akhir ini. Saya membantu Anda "
            "menuliskannya di satu halaman, lengkap dengan pilihan yang ada dan hal yang masih belum diketahui. "
            "Halaman itu Anda bawa pulang. Sering kali sudah terlihat apa yang bisa dicoba minggu ini."
        ),
        first_session_en=(
            "We start from the one question that has been on your mind most often lately. I help you put it on a "
            "single page, with the choices there are and what is still unknown. The page is yours to take home. Often "
            "it already shows what could be tried this week."
        ),
        hours=(
            *week([MONDAY, WEDNESDAY, FRIDAY], ("10:00", "13:00"), ("14:00", "18:00"), place=CIKINI),
            *week([SATURDAY], ("09:00", "12:00"), place=CIKINI),
        ),
        phone="021 555 0113",
    ),
    Profile(
        who="nurul",
        name="Nurul Aini Hasan",
        title="M.Psi., Psikolog",
        gender="woman",
        languages=("id", "bug"),
        topics=("pengasuhan", "keluarga", "kecemasan", "tidur"),
        time_zone=MAKASSAR,
        approach_id=(
            "Saya mendampingi orang tua, calon orang tua, dan siapa pun yang merawat anggota keluarga. Kita mencari "
            "cara mengasuh yang hangat sekaligus jelas, dan juga cara merawat diri Anda sendiri. Saya banyak memakai "
            "latihan percakapan yang bisa langsung dicoba di rumah."
        ),
        approach_en=(
            "I support parents, parents to be, and anyone who looks after a member of the family. We look for a way of "
            "raising children that is both warm and clear, and for ways of looking after yourself. I often use "
            "conversations that we practise and you try at home."
        ),
        first_session_id=(
            "Ceritakan satu hari biasa di rumah Anda, dari pagi sampai malam. Dari situ biasanya terlihat di mana "
            "keadaan menjadi berat dan apa yang sudah berjalan baik. Anak tidak perlu ikut di pertemuan pertama. Kita "
            "mengakhirinya dengan satu hal yang bisa dicoba, dan satu hal yang boleh Anda lepaskan dulu."
        ),
        first_session_en=(
            "Tell me about an ordinary day at home, from morning to night. It usually shows where things get heavy and "
            "what is going well already. Children need not come to the first meeting. We end with one thing to try and "
            "one thing that you may let go of for now."
        ),
        hours=(
            *week([MONDAY, TUESDAY, THURSDAY], ("08:30", "11:30"), ("12:30", "15:00"), place=LOSARI),
            *week([WEDNESDAY, FRIDAY], ("13:30", "17:30")),
        ),
        phone="0411 555 0122",
        licences=(("STR", 1250), ("SILP", 600)),
    ),
    Profile(
        who="yosefina",
        name="Yosefina Rumbiak",
        title="M.Psi., Psikolog",
        gender="woman",
        languages=("id", "en"),
        topics=("stres-kerja", "suasana-hati", "perubahan-hidup", "kebiasaan"),
        time_zone=JAYAPURA,
        approach_id=(
            "Saya banyak bertemu orang yang bekerja jauh dari rumah: perawat, guru, pekerja proyek. Kita melihat apa "
            "yang menguras tenaga Anda dan apa yang mengisinya lagi, lalu menata hari dengan lebih ringan. Saya "
            "memakai latihan kesadaran penuh dan percakapan yang terarah."
        ),
        approach_en=(
            "I meet many people who work far from home: nurses, teachers, people on projects. We look at what drains "
            "you and what fills you up again, then arrange the days more lightly. I use mindfulness exercises and "
            "conversations with a direction."
        ),
        first_session_id=(
            "Kita bertemu lewat video atau telepon, dari tempat yang nyaman bagi Anda. Saya bertanya bagaimana minggu "
            "terakhir Anda berjalan dan bagian mana yang paling berat. Jika sambungan buruk, kita pindah ke telepon "
            "tanpa kehilangan waktu. Di akhir, Anda memutuskan apakah ingin bertemu lagi."
        ),
        first_session_en=(
            "We meet by video or phone, from a place where you are comfortable. I ask how your last week went and "
            "which part of it was hardest. If the connection is poor we change to the phone and lose no time. At the "
            "end you decide whether you want to meet again."
        ),
        hours=(
            *week([MONDAY, TUESDAY, THURSDAY, FRIDAY], ("09:00", "12:00"), ("14:00", "17:00")),
            *week([WEDNESDAY], ("16:00", "20:00")),
        ),
        phone="0967 555 0131",
        licences=(("STR", 870), ("SILP", 530)),
    ),
]

# For practices larger than life: `profiles` puts further counselors together from these.
GIVEN = {
    "woman": ("Anisa", "Bunga", "Citra", "Dian", "Fitri", "Intan", "Kartika", "Laras", "Mega", "Puspita", "Wening"),
    "man": ("Aditya", "Bayu", "Cahyo", "Eko", "Galih", "Ilham", "Joko", "Lukman", "Panji", "Rizky", "Surya", "Yusuf"),
}
FAMILY = (
    "Adiningrat", "Basri", "Darmawan", "Gunadi", "Hidayat", "Iskandar", "Kurniawan", "Lubis", "Manurung", "Nasution",
    "Pangestu", "Ramadhan", "Siregar", "Tanjung", "Utami", "Wibowo",
)  # fmt: skip
APPROACHES = [
    (
        "Saya mendengarkan dengan tenang dan bertanya seperlunya. Kita mencari pola yang berulang, lalu mencoba hal "
        "kecil yang berbeda di antara dua pertemuan. Apa yang berhasil kita simpan, yang tidak kita ganti.",
        "I listen calmly and ask no more than needed. We look for what keeps repeating, then try something small and "
        "different between two meetings. What works we keep, what does not we replace.",
    ),
    (
        "Bagi saya, Anda yang paling mengenal hidup Anda. Tugas saya membantu Anda melihatnya dari sudut lain dan "
        "menemukan pilihan yang belum terpikir. Kita bekerja dengan tujuan yang Anda rumuskan sendiri.",
        "To me you are the one who knows your life best. My part is to help you see it from another side and find "
        "choices you had not thought of. We work towards goals in your own words.",
    ),
    (
        "Saya suka rencana yang jelas. Di awal kita menyepakati apa yang ingin dicapai dan bagaimana kita tahu bahwa "
        "itu tercapai. Setiap beberapa pertemuan kita meninjaunya kembali bersama.",
        "I like a clear plan. At the beginning we agree on what to reach and how we shall know that we are there. "
        "Every few meetings we look at it again together.",
    ),
]
FIRST_SESSIONS = [
    (
        "Pertemuan pertama adalah waktu untuk saling mengenal. Anda bercerita secukupnya, saya menjelaskan cara saya "
        "bekerja dan apa yang bisa Anda harapkan. Di akhir kita memutuskan bersama apakah akan melanjutkan.",
        "The first meeting is for getting to know each other. You tell me as much as you like, and I explain how I "
        "work and what you can expect. At the end we decide together whether to go on.",
    ),
    (
        "Saya mulai dengan bertanya apa yang perlu Anda dapat dari satu jam ini. Kita membahasnya pelan-pelan, dan "
        "sepuluh menit terakhir kita pakai untuk merangkum dan menyepakati langkah kecil berikutnya.",
        "I begin by asking what you need from this hour. We go through it slowly, and use the last ten minutes to sum "
        "up and to agree on a small next step.",
    ),
]
FULL_WEEK = week(WORKDAYS, ("08:00", "12:00"), ("13:00", "17:00"))


def profiles(count: int, rng: Random) -> list[Profile]:
    """The first `count` counselors: the six above, then others put together by chance. All differ in `who`."""
    return PROFILES[:count] + [another_profile(number, rng) for number in range(len(PROFILES), count)]


def another_profile(number: int, rng: Random) -> Profile:
    gender = "woman" if number % 2 else "man"
    name = f"{rng.choice(GIVEN[gender])} {rng.choice(FAMILY)}"
    approach, first_session = rng.choice(APPROACHES), rng.choice(FIRST_SESSIONS)
    return Profile(
        who=f"{name.lower().replace(' ', '-')}-{number + 1}",
        name=name,
        title="M.Psi., Psikolog",
        gender=gender,
        languages=("id", "en") if rng.random() < 0.4 else ("id",),
        topics=tuple(slug for slug, *_names in rng.sample(TOPICS, 3)),
        time_zone=rng.choice([JAKARTA, JAKARTA, MAKASSAR]),
        approach_id=approach[0],
        approach_en=approach[1],
        first_session_id=first_session[0],
        first_session_en=first_session[1],
        hours=FULL_WEEK,
        phone="021 555 0110",
        licences=(("STR", LICENCE_LASTS + number), ("SILP", LICENCE_LASTS - number % 300)),
    )
