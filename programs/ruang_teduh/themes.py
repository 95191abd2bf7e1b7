"""What the programs of the demo are about, as their clients and counselors wrote it: invented, calm, everyday."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GoalText:
    """A goal in the client's words, with the sentence for each level from −2 to +2."""

    words: str
    why: str
    indicator: str
    levels: tuple[str, str, str, str, str]
    weight: int = 1
    baseline: int = -1


@dataclass(frozen=True)
class NoteText:
    """A progress note in four parts (as SOAP has them), what it covered, and the card that the client got."""

    parts: tuple[str, str, str, str]
    covered: str
    task: str
    card: tuple[str, str]  # what we did, what comes next


@dataclass(frozen=True)
class Theme:
    """One problem area with everything that a program about it holds. `method` is the name in links of a method."""

    method: str
    title: str
    problem: str
    if_silent: str
    goals: tuple[GoalText, ...]
    notes: tuple[NoteText, ...]
    found: tuple[tuple[str, str], ...]  # what somebody found out, and what they will try
    topics: tuple[str, ...]
    private_note: str
    is_couple: bool = False


NO_RISK = {
    "id": "Tidak ada tanda bahaya yang disampaikan atau terlihat pada sesi ini.",
    "en": "No sign of danger was reported or seen in this session.",
}
REVIEW_TEXT = {
    "id": (
        "Jadwal tetap dan tugas kecil terasa membantu.",
        "Tugas yang terlalu panjang membuat enggan mulai.",
        "Kami lanjut sesuai rencana dan membuat tugas lebih pendek.",
    ),
    "en": (
        "The regular time and small tasks help.",
        "Long tasks make it hard to begin.",
        "We go on as planned and keep the tasks shorter.",
    ),
}
ENDING_TEXT = {
    "id": {
        "achieved": "Dua dari tiga hal yang dituju tercapai, satu masih berjalan dan sudah punya langkah sendiri.",
        "takes_along": "Saya tahu tanda awalnya, dan saya tahu apa yang menolong.",
        "warning_signs": "Tidur mundur lebih dari tiga malam berturut-turut, dan mulai menunda membalas pesan teman.",
        "situations": "Akhir bulan saat laporan menumpuk, dan libur panjang tanpa rencana.",
        "what_helps": "Jalan sore dua puluh menit, menulis tiga kalimat sebelum tidur.",
        "first_step": "Mengirim pesan kepada satu orang dan keluar rumah sebentar.",
        "people": "Kakak di Bandung, dan satu rekan kerja yang sudah tahu.",
        "come_back": "Bila dua minggu langkah kecil tidak menolong, saya memesan satu pertemuan.",
        "summary": (
            "Kita memulai dari malam-malam yang panjang. Anda menemukan sendiri pola yang membuatnya berat, mencoba "
            "beberapa cara, dan menyimpan yang cocok. Rencana untuk hari sulit ada di halaman ini, milik Anda."
        ),
    },
    "en": {
        "achieved": "Two of the three goals are reached; the third is under way and has its own next step.",
        "takes_along": "I know the first signs, and I know what helps.",
        "warning_signs": "Going to bed late three nights in a row, and putting off answering friends.",
        "situations": "The end of the month, and long holidays without a plan.",
        "what_helps": "A twenty-minute walk in the afternoon, three written sentences before bed.",
        "first_step": "Write to one person and step outside for a moment.",
        "people": "My sister, and one colleague who knows.",
        "come_back": "If two weeks of small steps do not help, I book one meeting.",
        "summary": (
            "We began with long nights. You found the pattern behind them yourself, tried several ways and kept those "
            "that suit you. The plan for hard days is on this page, and it is yours."
        ),
    },
}

SLEEP = Theme(
    method="cbt-i",
    title="Malam yang lebih tenang",
    problem="Sejak pindah kerja saya terjaga sampai lewat tengah malam dan pagi terasa berat.",
    if_silent="Kirim satu pesan pendek setelah tiga hari. Jangan menelepon ke kantor.",
    goals=(
        GoalText(
            "Saya berbaring sebelum pukul 23 dan tidak membawa ponsel ke tempat tidur.",
            "Supaya pagi saya bisa mengantar anak tanpa terburu-buru.",
            "Jumlah malam dalam seminggu, dari catatan tidur",
            ("Tidak ada malam", "1 malam", "3 malam", "5 malam", "7 malam"),
            3,
        ),
        GoalText(
            "Ketika pikiran tentang kerja datang, saya bisa menundanya sampai besok.",
            "Supaya malam kembali menjadi milik saya.",
            "Berapa malam saya memakai catatan tunda",
            ("Tidak pernah", "1 malam", "3 malam", "5 malam", "Setiap malam"),
            2,
        ),
        GoalText(
            "Saya berolahraga ringan lagi.",
            "Badan yang lelah dengan baik membantu tidur.",
            "Kali jalan sore 20 menit dalam seminggu",
            ("Tidak sama sekali", "1 kali", "2 kali", "3 kali", "4 kali atau lebih"),
        ),
    ),
    notes=(
        NoteText(
            (
                "Klien menceritakan minggu pertama dengan catatan tidur. Dua malam terasa ringan, lima malam sulit.",
                "Datang tepat waktu, bicara teratur, menguap beberapa kali. Catatan tidur terisi enam dari tujuh.",
                "Pola menunda tidur dengan ponsel tampak jelas bagi klien sendiri saat melihat catatannya.",
                "Lanjut dengan jam bangun tetap dan catatan tunda.",
            ),
            "Catatan tidur, jam bangun tetap",
            "Bangun pukul 05.30 setiap hari dan isi catatan tidur.",
            (
                "Kita membaca catatan tidur Anda dan menemukan malam mana yang lebih ringan.",
                "Catatan untuk menunda pikiran.",
            ),
        ),
        NoteText(
            (
                "Klien mencoba catatan tunda empat malam. Katanya kepala lebih sepi pada dua malam terakhir.",
                "Lebih segar dari minggu lalu. Menunjukkan catatannya tanpa diminta.",
                "Klien mulai membedakan masalah yang bisa dikerjakan dari yang hanya berputar.",
                "Melatih kursi kekhawatiran: lima belas menit pada sore hari.",
            ),
            "Catatan tunda, kursi kekhawatiran",
            "Duduk lima belas menit pada pukul 18 dengan catatan tunda, lalu tutup bukunya.",
            (
                "Kita mencoba memisahkan hal yang bisa dikerjakan dari yang hanya berputar.",
                "Jalan sore dan tubuh yang lelah dengan baik.",
            ),
        ),
        NoteText(
            (
                "Satu malam buruk setelah rapat. Klien tidak menganggapnya sebagai kegagalan.",
                "Tenang, tertawa sekali saat menceritakan rapat.",
                "Malam buruk tidak lagi diikuti malam yang dijaga dengan cemas.",
                "Menyiapkan rencana untuk minggu laporan.",
            ),
            "Malam setelah hari berat",
            "Tuliskan tiga kalimat untuk diri sendiri pada malam setelah hari berat.",
            (
                "Kita melihat apa yang Anda lakukan pada malam yang sulit, dan apa yang menolong.",
                "Rencana untuk minggu laporan.",
            ),
        ),
    ),
    found=(
        (
            "Saya menunda tidur karena malam satu-satunya waktu tanpa permintaan orang.",
            "Setengah jam sore tanpa ponsel.",
        ),
        ("Satu malam buruk tidak berarti seminggu buruk.", "Tidak menghitung jam pada malam hari."),
        ("Tubuh saya lebih mudah diajak tidur kalau sorenya berjalan.", "Berjalan pulang dari stasiun."),
    ),
    topics=("Rapat hari Senin yang membuat saya terjaga", "Bagaimana kalau saya terbangun pukul tiga"),
    private_note="Saya perlu berhati-hati tidak ikut mengejar angka. Ia mencari izin untuk beristirahat.",
)
GRIEF = Theme(
    method="grief",
    title="Membawa kenangan Ibu",
    problem="Ibu meninggal tahun lalu. Saya bekerja seperti biasa, tetapi rumah terasa sunyi dan saya menghindarinya.",
    if_silent="Beri saya seminggu, lalu tanyakan kabar lewat WhatsApp.",
    goals=(
        GoalText(
            "Saya bisa duduk di kamar Ibu tanpa terburu-buru keluar.",
            "Di sana ada banyak hal baik yang ingin saya ingat.",
            "Berapa menit saya tinggal, sekali seminggu",
            ("Tidak masuk", "Kurang dari 5 menit", "15 menit", "30 menit", "Selama yang saya mau"),
            2,
            -2,
        ),
        GoalText(
            "Saya bercerita tentang Ibu kepada adik.",
            "Kami sama-sama diam, padahal sama-sama kehilangan.",
            "Kali kami bercerita dalam sebulan",
            ("Tidak pernah", "Sekali, sebentar", "2 kali", "Setiap minggu", "Kapan pun kami rindu"),
            3,
        ),
    ),
    notes=(
        NoteText(
            (
                "Klien membawa foto keluarga. Bercerita tentang dapur dan masakan Ibu.",
                "Menangis sebentar, lalu tenang. Kontak mata baik.",
                "Duka berjalan; menghindari kamar membuatnya terasa lebih besar.",
                "Mendekat perlahan: pintu kamar dibiarkan terbuka.",
            ),
            "Foto, cerita tentang dapur",
            "Biarkan pintu kamar terbuka satu sore minggu ini.",
            (
                "Anda bercerita tentang dapur Ibu. Kita mendengarkan rindu itu tanpa menyuruhnya pergi.",
                "Mendekat ke kamar, sedikit demi sedikit.",
            ),
        ),
        NoteText(
            (
                "Klien duduk sepuluh menit di kamar bersama adik. Mereka tertawa tentang lemari.",
                "Suara lebih ringan ketika menyebut adik.",
                "Kenangan mulai bisa dibagi; rasa bersalah berkurang.",
                "Surat untuk Ibu, tidak untuk dikirim.",
            ),
            "Bersama adik di kamar",
            "Tulis satu halaman surat untuk Ibu.",
            ("Anda dan adik masuk bersama. Kita membaca apa yang berubah sesudahnya.", "Surat untuk Ibu."),
        ),
    ),
    found=(
        (
            "Saya menghindari kamar itu karena takut tangisnya tidak berhenti. Ternyata berhenti.",
            "Masuk lagi hari Minggu.",
        ),
        ("Adik saya menunggu saya mulai bercerita.", "Menelepon adik setelah ziarah."),
    ),
    topics=("Hari ulang tahun Ibu sebentar lagi",),
    private_note="Kisahnya dekat dengan kehilangan saya sendiri. Bawa ke supervisi.",
)
WORK = Theme(
    method="act",
    title="Batas yang jelas di tempat kerja",
    problem="Saya sulit menolak permintaan. Akhir pekan habis untuk pekerjaan dan saya mudah marah di rumah.",
    if_silent="Tanyakan lewat e-mail. Kalau saya diam dua minggu, tutup saja dengan baik-baik.",
    goals=(
        GoalText(
            "Saya menjawab permintaan mendadak dengan kalimat yang sudah saya siapkan.",
            "Supaya keputusan itu milik saya, bukan milik rasa takut.",
            "Kali dalam seminggu saya memakai kalimat itu",
            ("Tidak pernah", "1 kali", "2 kali", "3 kali", "Setiap kali perlu"),
            3,
        ),
        GoalText(
            "Hari Minggu saya bersama anak-anak, laptop tetap di tas.",
            "Mereka cepat besar.",
            "Minggu dalam sebulan",
            ("Tidak ada", "1 Minggu", "2 Minggu", "3 Minggu", "Semua Minggu"),
            2,
        ),
    ),
    notes=(
        NoteText(
            (
                "Klien menceritakan dua permintaan mendadak dan bagaimana ia mengiyakan keduanya.",
                "Bahu tegang, bicara cepat. Mereda ketika menyebut anak-anak.",
                "Nilai sebagai ayah muncul sebagai arah yang kuat.",
                "Menyiapkan tiga kalimat penolakan yang sopan.",
            ),
            "Nilai, permintaan mendadak",
            "Tulis tiga kalimat dan ucapkan satu di antaranya minggu ini.",
            ("Kita mencari apa yang ingin Anda jaga ketika Anda menolak.", "Mencoba kalimat pertama."),
        ),
        NoteText(
            (
                "Satu kalimat dipakai pada hari Rabu. Atasan menerima tanpa marah.",
                "Tertawa lega. Masih menunggu akibat buruk yang tidak datang.",
                "Harapan buruk tidak terjadi; klien menyadarinya sendiri.",
                "Hari Minggu tanpa laptop.",
            ),
            "Percobaan pertama",
            "Laptop tetap di tas hari Minggu ini.",
            ("Anda mencoba menolak dan melihat apa yang benar-benar terjadi.", "Hari Minggu pertama."),
        ),
    ),
    found=(
        ("Atasan saya tidak marah. Yang marah hanya pikiran saya.", "Menjawab besok pagi, bukan malam itu juga."),
        ("Saya menolak karena ada yang saya jaga, bukan karena malas.", "Menyimpan foto anak di meja kerja."),
    ),
    topics=("Rekan yang selalu menitipkan tugas",),
    private_note="Saya ikut terburu-buru mengikuti iramanya. Pelankan.",
)
VOICE = Theme(
    method="sfbt",
    title="Berani bicara di depan kelas",
    problem="Saya harus presentasi setiap bulan. Semalam sebelumnya saya tidak bisa makan dan ingin membatalkan.",
    if_silent="Pesan pendek saja. Saya akan membalas kalau sudah siap.",
    goals=(
        GoalText(
            "Saya berbicara lima menit di depan kelas tanpa membaca seluruh catatan.",
            "Saya punya hal yang ingin saya sampaikan.",
            "Menit tanpa membaca",
            ("Tidak tampil", "Membaca semuanya", "5 menit", "10 menit", "Seluruh waktu"),
            3,
        ),
        GoalText(
            "Saya makan malam seperti biasa pada hari sebelumnya.",
            "Supaya badan saya punya tenaga.",
            "Porsi yang saya makan",
            ("Tidak makan", "Beberapa suap", "Setengah porsi", "Satu porsi", "Satu porsi dengan tenang"),
        ),
    ),
    notes=(
        NoteText(
            (
                "Klien menyebut satu presentasi yang berjalan lumayan dan apa yang berbeda saat itu.",
                "Awalnya pelan, lalu lebih hidup ketika menceritakan pengecualian itu.",
                "Sumber daya yang ada: persiapan dengan teman, minum air hangat.",
                "Mengulang yang sudah pernah berhasil.",
            ),
            "Pengecualian, skala",
            "Ceritakan satu slide kepada teman, tanpa catatan.",
            (
                "Kita mencari kali terakhir ketika itu berjalan lumayan, dan apa yang Anda lakukan.",
                "Mengulang yang pernah berhasil.",
            ),
        ),
        NoteText(
            (
                "Latihan dengan teman dua kali. Pada skala naik dari 3 ke 5.",
                "Duduk lebih tegak, suara lebih jelas.",
                "Klien menyebut sendiri langkah ke 6.",
                "Berlatih di ruang kelas yang kosong.",
            ),
            "Skala, langkah berikutnya",
            "Berdiri di ruang kelas yang kosong selama lima menit.",
            ("Anda naik dua angka, dan tahu seperti apa angka berikutnya.", "Ruang kelas yang kosong."),
        ),
    ),
    found=(
        ("Saya pernah bisa. Saya hanya lupa bagaimana.", "Minum air hangat dan berlatih dengan Dinda."),
        ("Gugup saya turun setelah dua menit.", "Mulai dengan satu pertanyaan untuk teman-teman."),
    ),
    topics=("Presentasi hari Kamis",),
    private_note="Ia lebih kuat daripada yang ia tunjukkan di ruang ini.",
)
COUPLE = Theme(
    method="couples",
    title="Bicara lagi berdua",
    problem="Kami lebih sering membahas jadwal daripada perasaan. Pertengkaran kecil berujung diam berhari-hari.",
    if_silent="Hubungi kami berdua, dalam satu pesan.",
    goals=(
        GoalText(
            "Kami duduk bersama dua puluh menit tanpa membahas jadwal.",
            "Kami rindu menjadi teman.",
            "Malam dalam seminggu",
            ("Tidak ada", "1 malam", "2 malam", "3 malam", "4 malam atau lebih"),
            3,
        ),
        GoalText(
            "Sesudah bertengkar, salah satu dari kami memulai lagi pada hari yang sama.",
            "Diam berhari-hari melelahkan anak-anak juga.",
            "Dari semua pertengkaran dalam sebulan",
            ("Tidak pernah", "Sekali", "Separuhnya", "Kebanyakan", "Selalu"),
            2,
        ),
    ),
    notes=(
        NoteText(
            (
                "Keduanya menceritakan minggu yang padat. Satu malam berhasil duduk bersama.",
                "Saling memotong pada awalnya, lalu bergantian ketika diminta menunggu.",
                "Pola kejar dan mundur dikenali keduanya.",
                "Latihan mendengar sepuluh menit bergantian.",
            ),
            "Pola kejar dan mundur",
            "Sepuluh menit bergantian, tanpa menyela, dua malam.",
            (
                "Anda berdua menggambar pola yang biasa terjadi, tanpa mencari siapa yang salah.",
                "Mendengar bergantian.",
            ),
        ),
        NoteText(
            (
                "Dua malam latihan. Satu berjalan baik, satu berhenti di tengah.",
                "Duduk lebih dekat. Ada senyum.",
                "Berhenti di tengah tidak menjadi pertengkaran; itu hal baru.",
                "Menyusun kalimat untuk memulai lagi.",
            ),
            "Latihan mendengar",
            "Pilih satu kalimat untuk memulai lagi dan tempel di lemari es.",
            ("Kita melihat malam yang berjalan dan malam yang berhenti.", "Kalimat untuk memulai lagi."),
        ),
    ),
    found=(
        ("Dia diam karena takut salah, bukan karena tidak peduli.", "Menunggu sepuluh napas sebelum mengejar."),
        ("Saya lebih ingin didengar daripada benar.", "Mengatakan itu lebih dulu."),
    ),
    topics=("Liburan ke rumah mertua",),
    private_note="Perhatikan agar tidak lebih sering menoleh kepada yang lebih banyak bicara.",
    is_couple=True,
)
MOVE = Theme(
    method="mindfulness",
    title="Settling in",
    problem="I moved here for work. I count the days and put off meeting people.",
    if_silent="Please send one short e-mail after a week. I tend to hide when I am tired.",
    goals=(
        GoalText(
            "I meet somebody outside work once a week.",
            "I want to belong here, not only work here.",
            "Times a week",
            ("Not at all", "Once in two weeks", "Once a week", "Twice a week", "Whenever I feel like it"),
            3,
        ),
        GoalText(
            "When homesickness comes, I notice it and stay with what I am doing.",
            "It passes faster when I do not fight it.",
            "Evenings a week",
            ("None", "1 evening", "3 evenings", "5 evenings", "Most evenings"),
            2,
        ),
    ),
    notes=(
        NoteText(
            (
                "Reports two evenings that felt lighter, both after a walk with a neighbour.",
                "Speaks more slowly than last week, smiles when naming the neighbour.",
                "Avoidance of invitations is now named by the client as a habit.",
                "Short breathing space before answering invitations.",
            ),
            "Evenings, invitations",
            "Three minutes of breathing before you answer an invitation.",
            (
                "We looked at the two lighter evenings and what came before them.",
                "A breathing space before you decide.",
            ),
        ),
        NoteText(
            (
                "Accepted one invitation, left early, and was glad to have gone.",
                "Relaxed posture. Jokes about the karaoke.",
                "Leaving early is now a choice rather than a defeat.",
                "Repeat, and notice the first ten minutes.",
            ),
            "One invitation",
            "Notice the first ten minutes without judging them.",
            ("You went, and you decided when to leave. Both count.", "The first ten minutes."),
        ),
    ),
    found=(
        ("The first ten minutes are the hardest, and then they end.", "Arrive with one question to ask."),
        ("I miss home most when I am tired.", "Call home on Sunday mornings, not at night."),
    ),
    topics=("A wedding I am invited to",),
    private_note="I notice that I want to fix this quickly. Stay with the pace.",
)
THEMES = {"id": (SLEEP, GRIEF, WORK, VOICE), "en": (MOVE,)}
