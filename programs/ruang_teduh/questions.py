"""What people want to talk about, and what they were advised: calm, everyday, invented. Encrypted once it is saved."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A question, from which to which age somebody might ask it, and a summary of the advice they took home."""

    youngest: int
    oldest: int
    text: str
    advice: str


QUESTIONS = {
    "id": (
        Question(
            22,
            60,
            (
                "Akhir-akhir ini saya sulit berhenti memikirkan pekerjaan, juga di akhir pekan. Saya ingin tahu "
                "sebaiknya mulai dari mana."
            ),
            (
                "Kita sepakat mulai dari satu batas kecil: setelah pukul 20 laptop tetap di ruang kerja. Tulis tiga "
                "hal yang belum selesai sebelum menutupnya, supaya pikiran tidak perlu menjaganya semalaman. Coba dua "
                "minggu, lalu lihat akhir pekan mana yang terasa lebih lapang."
            ),
        ),
        Question(
            25,
            65,
            (
                "Saya dan kakak saya sudah setahun tidak bicara. Ibu kami sakit dan saya ingin mencoba lagi, tetapi "
                "tidak tahu caranya."
            ),
            (
                "Mulailah dengan pesan pendek tentang kabar Ibu, tanpa membahas pertengkaran. Tawarkan satu tugas yang "
                "jelas untuk dibagi. Jika kakak Anda belum menjawab, itu belum berarti pintu tertutup. Pembicaraan "
                "tentang masa lalu bisa menunggu."
            ),
        ),
        Question(
            22,
            50,
            (
                "Saya diterima bekerja di kota lain. Pasangan saya belum ingin pindah. Kami perlu cara membicarakannya "
                "dengan kepala dingin."
            ),
            (
                "Ambil satu malam untuk saling mendengar saja, masing-masing sepuluh menit tanpa disela. Tuliskan apa "
                "yang akan hilang dan apa yang akan didapat bagi Anda berdua. Baru pada pertemuan kedua, bicarakan "
                "pilihan yang ada, termasuk masa coba enam bulan."
            ),
        ),
        Question(
            25,
            55,
            "Tidur saya berantakan sejak pindah ke giliran malam. Siang hari saya mudah kesal pada anak-anak.",
            (
                "Tidur pagi Anda perlu dilindungi seperti tidur malam: kamar gelap, ponsel di luar, jam yang sama "
                "setiap hari. Sampaikan kepada anak-anak kapan Ibu atau Ayah bangun dengan gambar jam di pintu. Jika "
                "setelah tiga minggu tetap sulit, periksakan diri ke dokter."
            ),
        ),
        Question(
            18,
            60,
            (
                "Ayah meninggal empat bulan lalu. Saya sudah kembali bekerja, tetapi rasanya berjalan seperti di dalam "
                "kabut."
            ),
            (
                "Empat bulan adalah waktu yang pendek untuk kehilangan sebesar ini. Kita memilih satu waktu tetap "
                "dalam seminggu untuk mengenang Ayah, sehingga hari lain boleh lebih ringan. Beri tahu satu rekan "
                "kerja yang Anda percaya bahwa Anda masih berduka."
            ),
        ),
        Question(
            20,
            26,
            "Skripsi saya tertunda dua semester. Setiap membuka laptop, saya malah membereskan kamar.",
            (
                "Kecilkan langkahnya: dua puluh lima menit sehari, satu paragraf, di perpustakaan dan bukan di kamar. "
                "Kirim hasil pertama yang belum rapi kepada pembimbing sebelum Jumat depan. Lebih mudah memperbaiki "
                "bersama daripada menyempurnakan sendirian."
            ),
        ),
        Question(
            27,
            50,
            "Anak saya, 7 tahun, tidak mau sekolah sejak semester ini. Gurunya bilang di kelas ia baik-baik saja.",
            (
                "Catat selama seminggu kapan penolakan muncul dan apa yang terjadi sebelumnya. Buat pagi yang sama "
                "setiap hari, dengan perpisahan singkat di gerbang. Tanyakan kepada guru tentang waktu istirahat, "
                "bukan hanya di kelas. Jika dua pekan tidak berubah, kita lihat bersama lagi."
            ),
        ),
        Question(
            21,
            55,
            "Saya sering merasa tidak cukup baik dibanding rekan sekantor, walaupun penilaian saya bagus.",
            (
                "Perasaan dan bukti tidak selalu berjalan bersama. Simpan satu catatan kecil berisi apa yang Anda "
                "selesaikan minggu ini dan kata orang tentangnya. Saat membandingkan diri, tanyakan: dengan bagian "
                "mana dari hidup mereka saya membandingkan?"
            ),
        ),
        Question(
            22,
            42,
            "Kami baru punya bayi. Saya bahagia, tetapi juga sering menangis tanpa tahu kenapa.",
            (
                "Banyak orang tua baru merasakan keduanya sekaligus. Tidur dan bantuan orang lain adalah kebutuhan, "
                "bukan kemewahan. Sampaikan hal ini juga kepada bidan atau dokter pada kunjungan berikutnya. Jika "
                "hari-hari terasa gelap terus, hubungi kami lebih cepat."
            ),
        ),
        Question(
            17,
            60,
            "Saya gugup setiap kali bicara di depan orang. Bulan depan saya perlu presentasi besar.",
            (
                "Kita berlatih membuka dengan dua kalimat yang Anda hafal. Ucapkan di depan satu orang, lalu tiga "
                "orang, lalu di ruangannya. Gugup boleh ikut naik ke panggung. Biasanya ia turun setelah menit kedua."
            ),
        ),
        Question(
            17,
            30,
            "Orang tua ingin saya melanjutkan usaha keluarga. Saya ingin hal lain, tetapi takut mengecewakan mereka.",
            (
                "Pisahkan dua pembicaraan: rasa terima kasih, dan rencana Anda. Ceritakan rencana itu dengan langkah "
                "dan waktu, bukan sebagai penolakan. Tanyakan apa yang paling mereka khawatirkan. Jawabannya sering "
                "berbeda dari yang kita bayangkan."
            ),
        ),
        Question(
            27,
            60,
            "Setelah bercerai, saya ingin belajar sendiri lagi tanpa merasa sepi setiap malam.",
            (
                "Malam hari perlu bentuk baru. Pilih dua malam untuk bertemu orang, dua malam untuk sesuatu yang Anda "
                "kerjakan dengan tangan, dan biarkan sisanya kosong dengan sengaja. Sepi yang dipilih terasa berbeda "
                "dari sepi yang datang sendiri."
            ),
        ),
        Question(
            30,
            65,
            "Saya merawat ibu yang pelupa. Saya lelah dan merasa bersalah karena lelah.",
            (
                "Lelah adalah tanda bahwa Anda sudah banyak memberi. Bagi tugas per hari dengan saudara, tertulis. "
                "Ambil satu setengah hari dalam seminggu di luar rumah. Puskesmas di wilayah Anda bisa ditanya tentang "
                "kunjungan rumah bagi lansia."
            ),
        ),
        Question(
            55,
            80,
            "Sejak pensiun, hari-hari terasa panjang. Saya ingin menata ulang waktu saya.",
            (
                "Susun minggu Anda seperti kebun: ada yang rutin, ada yang baru, ada yang dibiarkan. Mulai dengan satu "
                "kegiatan tetap bersama orang lain di pagi hari. Bulan depan, tambahkan satu hal yang sejak lama ingin "
                "Anda pelajari."
            ),
        ),
        Question(
            15,
            60,
            "Saya ingin mengurangi waktu bermain ponsel di malam hari. Sudah beberapa kali mencoba dan gagal.",
            (
                "Jangan mengandalkan tekad di jam lelah. Letakkan pengisi daya di luar kamar dan siapkan gantinya di "
                "samping tempat tidur. Hitung malam yang berhasil, bukan yang gagal. Tiga dari tujuh sudah merupakan "
                "awal."
            ),
        ),
        Question(
            15,
            40,
            "Teman dekat saya menjauh tanpa penjelasan. Saya terus memutar ulang percakapan terakhir kami.",
            (
                "Tulis satu pesan yang jujur dan singkat, tanpa menebak alasannya: bahwa Anda merasa jauh dan ingin "
                "tahu kabarnya. Kirim sekali. Sesudah itu beri waktu, dan rawat dua pertemanan lain yang sudah lama "
                "menunggu."
            ),
        ),
        Question(
            22,
            58,
            "Saya bekerja di proyek jauh dari rumah, tiga bulan sekali baru pulang. Akhir-akhir ini makin berat.",
            (
                "Yang membantu banyak orang: waktu telepon yang tetap dan pendek, bukan yang panjang dan tidak tentu. "
                "Buat satu kegiatan bersama dari jauh, misalnya makan malam hari Minggu. Bicarakan dengan atasan "
                "apakah giliran pulang bisa enam pekan sekali."
            ),
        ),
        Question(
            20,
            45,
            "Saya bingung memilih antara dua tawaran kerja. Saya ingin dibantu melihatnya dengan jernih.",
            (
                "Kita menuliskan lima hal yang penting bagi Anda dan memberi bobot. Tawaran kedua lebih dekat dengan "
                "empat di antaranya, hanya gajinya lebih kecil. Tanyakan dua hal yang belum jelas kepada keduanya "
                "sebelum Jumat, lalu putuskan."
            ),
        ),
        Question(
            24,
            60,
            "Dada saya sering berdebar sebelum rapat. Dokter bilang jantung saya sehat.",
            (
                "Tubuh Anda membunyikan alarm sedikit terlalu cepat. Latih napas keluar yang panjang dua kali sehari "
                "saat tenang, supaya siap dipakai saat perlu. Datang lima menit lebih awal dan duduk. Jangan "
                "menghindari rapat, karena itu membuat alarm lebih peka."
            ),
        ),
        Question(
            22,
            38,
            "Kami ingin menikah tahun depan dan ingin membicarakan beberapa hal penting sebelum itu.",
            (
                "Ada lima percakapan yang baik dilakukan sebelum hari itu: uang, tempat tinggal, keluarga besar, anak, "
                "dan cara bertengkar. Ambil satu setiap dua minggu, di luar rumah. Tulis hal yang sudah disepakati dan "
                "hal yang masih terbuka."
            ),
        ),
        Question(
            26,
            60,
            "Saya ingin lebih sabar. Di rumah saya cepat meninggikan suara, lalu menyesal.",
            (
                "Kenali lima menit sebelum suara naik: lapar, terburu-buru, atau terlalu bising. Sepakati satu kata "
                "dengan keluarga yang berarti jeda. Meminta maaf kepada anak tidak mengurangi wibawa, justru "
                "mengajarkan caranya."
            ),
        ),
        Question(
            18,
            60,
            "Saya pindah ke sini dua bulan lalu dan belum punya teman. Saya ingin tahu cara memulai.",
            (
                "Pertemanan tumbuh dari pertemuan yang berulang, bukan dari satu percakapan hebat. Pilih satu kegiatan "
                "mingguan dan datang empat kali sebelum menilainya. Ajak satu orang minum kopi sesudah kali ketiga."
            ),
        ),
    ),
    "en": (
        Question(
            18,
            80,
            (
                "I moved to Jakarta for work and I feel less sure of myself here than at home. I would like to "
                "understand why."
            ),
            (
                "Much of what you knew how to do without thinking has to be learnt again here, and that is tiring. "
                "Choose two places where you become a regular. Give the language half an hour a day. Sureness tends to "
                "come back in that order: places, people, work."
            ),
        ),
        Question(
            18,
            80,
            "My partner and I live in different time zones. I would like to talk about how we decide what comes next.",
            (
                "Set a date by which you decide, and talk about everything but the decision until then: what a week "
                "would look like, in each of the two cities. Write down separately what you could not give up. Compare "
                "the lists when you are in the same room."
            ),
        ),
        Question(
            18,
            80,
            "I keep postponing things that matter to me. I would like to find out what gets in the way.",
            (
                "It is not laziness: you postpone what could be judged. Begin with the part that nobody will see, for "
                "twenty minutes, at the same time every morning. Stop while it is still going well. Tell one person "
                "what you are working on."
            ),
        ),
    ),
}
BEGINNING = {  # what an initial consultation usually ends with
    "id": (
        "Kita melihat persoalannya bersama dan sepakat bahwa beberapa pertemuan dengan rencana lebih membantu daripada "
        "satu nasihat. Saya menyiapkan usulan: tujuan, jumlah sesi, dan biaya. Pikirkan dengan tenang. Anda yang "
        "memutuskan."
    ),
    "en": (
        "We looked at the matter together and agreed that several meetings with a plan would help more than one piece "
        "of advice. I am preparing a proposal: goals, number of sessions, cost. Think it over in peace. The decision "
        "is yours."
    ),
}
RINA = Question(
    18,
    80,
    (
        "Sejak dipercaya memimpin tim, saya sulit tidur di malam sebelum rapat. Saya ingin tahu apa yang bisa saya "
        "ubah tanpa pindah pekerjaan."
    ),
    (
        "Kita melihat bahwa malam sebelum rapat menjadi tempat semua hal yang belum sempat dipikirkan. Anda ingin "
        "mengerjakannya bertahap. Saya mengusulkan delapan sesi, sekali seminggu, dengan tinjauan di sesi keempat. "
        "Sampai saat itu, cukup catat jam tidur dan satu hal yang membantu."
    ),
)
BUDI_FIRST = Question(
    18,
    80,
    (
        "Saya dipindahkan ke bagian baru dan atasan saya jarang memberi umpan balik. Saya tidak tahu apakah pekerjaan "
        "saya baik."
    ),
    (
        "Minta waktu lima belas menit setiap dua minggu, dengan tiga pertanyaan yang sama. Jangan menunggu pujian, "
        "mintalah contoh. Simpan jawabannya. Setelah dua bulan Anda punya gambaran yang lebih jelas daripada perasaan "
        "sesaat."
    ),
)
BUDI_SECOND = Question(
    18,
    80,
    "Saya mendapat tawaran kerja di tempat lain, tetapi baru setahun di sini. Saya ingin tahu cara menimbangnya.",
    (
        "Tawaran itu datang saat Anda lelah, jadi beri jarak dua minggu sebelum menjawab. Bicarakan dulu dengan istri "
        "tentang apa yang Anda berdua inginkan tiga tahun lagi. Sesudah itu barulah bandingkan kedua pekerjaan."
    ),
)
BUDI_NEXT = Question(
    18,
    80,
    "Saya ingin menimbang tawaran kerja baru. Istri saya lebih suka kami tetap di sini. Kepala saya penuh.",
    "",
)
BUDI_COUPLE = Question(
    18,
    80,
    (
        "Saya dan istri ingin bicara tentang rencana pindah kota dengan ada orang ketiga yang tenang. Kami berdua bisa "
        "hari kerja setelah pukul 13."
    ),
    "",
)
SARI = Question(
    18,
    80,
    (
        "Saya perawat di Jayapura. Beberapa bulan ini saya pulang kerja tanpa tenaga untuk apa pun. Saya ingin bicara "
        "dengan orang di luar tempat kerja."
    ),
    "",
)
