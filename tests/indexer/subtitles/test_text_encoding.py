"""Subtitles in code pages are read as they were written: two short cues, in the encodings that their languages had."""

import unicodedata

import pytest

from indexer.subtitles.text_encoding import CODE_PAGES, Encoding, encoding_of

# Language, the encodings that files in it were made with, and two pairs of lines.
LINES = {
    "ru": (
        "cp1251 koi8-r iso8859-5 cp866",
        ("Привет, дорогие друзья", "Сегодня мы говорим о погоде"),
        ("Я не знаю, что случилось.", "Нам пора идти, брат ждёт внизу."),
    ),
    "uk": (
        "cp1251 koi8-u",
        ("Добрий день, друзі мої", "Сьогодні ми їдемо до Києва"),
        ("Я не знаю, що сталося.", "Нам час іти, брат чекає внизу."),
    ),
    "bg": (
        "cp1251",
        ("Здравейте, скъпи приятели", "Днес ще говорим за времето"),
        ("Не знам какво се случи.", "Трябва да тръгваме, брат ми чака долу."),
    ),
    "sr": (
        "cp1251",
        ("Добар дан, драги пријатељи", "Данас говоримо о времену"),
        ("Не знам шта се десило.", "Морамо да идемо, брат чека доле."),
    ),
    "pl": (
        "cp1250 iso8859-2",
        ("Dzień dobry, drodzy przyjaciele", "Żółw idzie powoli przez łąkę"),
        ("Nie wiem, co się stało.", "Musimy już iść, brat czeka na dole, pośpiesz się."),
    ),
    "cs": (
        "cp1250 iso8859-2",
        ("Dobrý den, milí přátelé", "Dneska je venku hezké počasí, žádný déšť"),
        ("Nevím, co se stalo.", "Musíme už jít, bratr čeká dole, pospěš si."),
    ),
    "sk": (
        "cp1250 iso8859-2",
        ("Dobrý deň, milí priatelia", "Dnes je vonku krásne počasie, ľudia sú šťastní"),
        ("Neviem, čo sa stalo.", "Musíme už ísť, brat čaká dole, ponáhľaj sa."),
    ),
    "hu": (
        "cp1250 iso8859-2",
        ("Jó napot kívánok, kedves barátaim", "Ma az időjárásról beszélünk, és főzünk"),
        ("Nem tudom, mi történt.", "Mennünk kell, hűvös van, erősen fúj a szél."),
    ),
    "ro": (
        "cp1250 iso8859-2",
        ("Bună ziua, dragi prieteni", "Astăzi vorbim despre vreme şi ţară"),
        ("Nu ştiu ce s-a întâmplat.", "Trebuie să plecăm, fratele meu aşteaptă jos."),
    ),
    "hr": (
        "cp1250 iso8859-2",
        ("Dobar dan, dragi prijatelji", "Danas ćemo pričati o vremenu, možda će kišiti"),
        ("Ne znam što se dogodilo.", "Moramo ići, brat čeka dolje, požuri, noć je."),
    ),
    "sl": (
        "cp1250",
        ("Dober dan, dragi prijatelji", "Danes bomo govorili o vremenu, že dežuje, česa se bojiš"),
        ("Ne vem, kaj se je zgodilo.", "Moramo iti, brat čaka spodaj, že zamujamo, prišel je."),
    ),
    "de": (
        "cp1252",
        ("Guten Tag, liebe Freunde", "Heute fährt der Zug über die schöne Brücke"),
        ("Ich weiß nicht, was passiert ist.", "Wir müssen gehen, mein Bruder wartet draußen."),
    ),
    "fr": (
        "cp1252",
        ("Bonjour à tous, chers amis", "L'été dernier, nous étions déjà très fatigués"),
        ("Je ne sais pas ce qui s'est passé.", "Il faut partir, mon frère nous attend, ça ira."),
    ),
    "es": (
        "cp1252",
        ("Buenos días, queridos amigos", "¿Dónde está el niño? Mañana volverá"),
        ("No sé qué pasó.", "Tenemos que irnos, mi hermano está abajo, señor."),
    ),
    "pt": (
        "cp1252",
        ("Bom dia, caros amigos", "Amanhã vamos à praia com os irmãos, é ótimo"),
        ("Não sei o que aconteceu.", "Temos que ir, meu irmão está lá em baixo."),
    ),
    "it": (
        "cp1252",
        ("Buongiorno, cari amici, perché no", "Oggi è una bella giornata, più o meno così"),
        ("Non so cosa è successo.", "Dobbiamo andare, mio fratello è giù che aspetta."),
    ),
    "sv": (
        "cp1252",
        ("God dag, kära vänner", "I dag pratar vi om vädret på ön, det är så"),
        ("Jag vet inte vad som hände.", "Vi måste gå, min bror väntar där nere på oss."),
    ),
    "da": (
        "cp1252",
        ("Goddag, kære venner", "I dag taler vi om vejret på øen, ikke også"),
        ("Jeg ved ikke, hvad der skete.", "Vi må gå, min bror står og venter på os, før det er for sent."),
    ),
    "fi": (
        "cp1252",
        ("Hyvää päivää, rakkaat ystävät", "Tänään puhumme säästä, missä äiti on"),
        ("En tiedä, mitä tapahtui.", "Meidän täytyy lähteä, veljeni odottaa alhaalla."),
    ),
    "is": (
        "cp1252",
        ("Góðan daginn, kæru vinir", "Í dag tölum við um veðrið, það er þoka"),
        ("Ég veit ekki hvað gerðist.", "Við verðum að fara, bróðir minn bíður niðri."),
    ),
    "tr": (
        "cp1254",
        ("İyi günler, sevgili arkadaşlar", "Bugün hava çok güzel, dışarı çıkalım"),
        ("Ne olduğunu bilmiyorum.", "Gitmemiz lazım, kardeşim aşağıda bekliyor."),
    ),
    "el": (
        "cp1253 iso8859-7",
        ("Καλημέρα, αγαπητοί φίλοι", "Σήμερα μιλάμε για τον καιρό"),
        ("Δεν ξέρω τι έγινε.", "Πρέπει να φύγουμε, ο αδερφός μου περιμένει κάτω."),
    ),
    "he": (
        "cp1255",
        ("שלום, חברים יקרים", "היום אנחנו מדברים על מזג האוויר"),
        ("אני לא יודע מה קרה.", "אנחנו חייבים ללכת, אח שלי מחכה למטה."),
    ),
    "ar": (
        "cp1256",
        ("مرحبا أيها الأصدقاء", "اليوم نتحدث عن الطقس"),
        ("لا أعرف ماذا حدث.", "يجب أن نذهب، أخي ينتظر في الأسفل."),
    ),
    "lt": (
        "cp1257",
        ("Laba diena, mieli draugai", "Šiandien kalbėsime apie orą, žiūrėkite į dangų"),
        ("Nežinau, kas atsitiko.", "Turime eiti, brolis laukia apačioje, paskubėk."),
    ),
    "lv": (
        "cp1257",
        ("Labdien, dārgie draugi", "Šodien mēs runājam par laika apstākļiem, ļoti jauki"),
        ("Es nezinu, kas notika, lūdzu.", "Mums jāiet, brālis gaida lejā, pasteidzies."),
    ),
    "et": (
        "cp1257",
        ("Tere päevast, kallid sõbrad", "Täna räägime ilmast, õues on külm öö"),
        ("Ma ei tea, mis juhtus, pärast.", "Peame minema, mu vend ootab all, sõidame kööki"),
    ),
    "vi": (
        "cp1258",
        ("Xin chào các bạn thân mến", "Hôm nay chúng ta nói về thời tiết"),
        ("Tôi không biết chuyện gì đã xảy ra.", "Chúng ta phải đi, anh trai tôi đang đợi."),
    ),
    "th": (
        "cp874",
        ("สวัสดีเพื่อนที่รัก", "วันนี้เราพูดถึงเรื่องอากาศ"),
        ("ฉันไม่รู้ว่าเกิดอะไรขึ้น", "เราต้องไปแล้ว พี่ชายรออยู่ข้างล่าง"),
    ),
    "zh": (
        "gbk gb18030",
        ("大家好，亲爱的朋友们", "今天我们来谈谈天气"),
        ("我不知道发生了什么事。", "我们得走了，我哥哥在楼下等着。"),
    ),
    "zh-TW": (
        "big5",
        ("大家好，親愛的朋友們", "今天我們來談談天氣"),
        ("我不知道發生了什麼事。", "我們得走了，我哥哥在樓下等著。"),
    ),
    "ja": (
        "shift_jis cp932 euc_jp iso2022_jp",
        ("こんにちは、みなさん", "今日は天気の話をします"),
        ("何が起きたのかわかりません。", "もう行かないと、兄が下で待っています。"),
    ),
    "ko": (
        "euc_kr cp949",
        ("안녕하세요, 여러분", "오늘은 날씨에 대해 이야기합니다"),
        ("무슨 일이 있었는지 모르겠어요.", "우리는 가야 해요, 형이 아래에서 기다려요."),
    ),
}
UNICODE = "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32"
TONES = "\u0300\u0301\u0303\u0309\u0323"


def srt(lines: tuple[str, ...]) -> str:
    return "\r\n".join(f"{n}\r\n00:00:0{n},000 --> 00:00:0{n + 3},000\r\n{line}\r\n" for n, line in enumerate(lines, 1))


def written(text: str, encoding: str) -> bytes:
    """``text`` in ``encoding``; the tones of Vietnamese stand behind their letters in its code page."""
    if encoding != "cp1258":
        return text.encode(encoding)
    apart = unicodedata.normalize("NFD", text)
    letters = [unicodedata.normalize("NFC", "".join(c for c in word if c not in TONES)) for word in _clusters(apart)]
    tones = ["".join(c for c in word if c in TONES) for word in _clusters(apart)]
    return "".join(letter + tone for letter, tone in zip(letters, tones, strict=True)).encode(encoding)


def _clusters(apart: str) -> list[str]:
    clusters: list[str] = []
    for character in apart:
        if unicodedata.combining(character):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def read(data: bytes, language: str | None = None) -> str:
    text = data.decode(encoding_of(data, language).name, errors="replace")
    return unicodedata.normalize("NFC", text).lstrip("\ufeff")


@pytest.mark.parametrize(
    ("language", "encoding"),
    [(language, encoding) for language, (encodings, *_) in LINES.items() for encoding in encodings.split()],
)
def test_two_cues_are_read_as_they_were_written(language: str, encoding: str) -> None:
    for lines in LINES[language][1:]:
        text = srt(lines)
        assert read(written(text, encoding)) == text
        assert read(written(text, encoding), language) == text
        assert read(written(lines[1], encoding)) == lines[1]


@pytest.mark.parametrize("encoding", UNICODE.split())
def test_unicode_is_known_by_its_form(encoding: str) -> None:
    for language, (_, lines, _) in LINES.items():
        guess = encoding_of(srt(lines).encode(encoding), language)
        assert (guess.name.replace("utf-32-le", "utf-32"), guess.or_else) == (encoding, ())


def test_the_language_in_a_name_settles_what_a_word_leaves_open() -> None:
    """One Hebrew word: its bytes are a Russian word as well."""
    data = "נכון".encode("cp1255")
    assert encoding_of(data).or_else
    assert encoding_of(data, "he").name == "cp1255"
    assert encoding_of(data, "ru").name == "cp1251"


def test_doubt_names_what_else_it_might_be() -> None:
    """Polish: the two code pages of central Europe differ in three letters."""
    guess = encoding_of(srt(LINES["pl"][1]).encode("cp1250"))
    assert guess == Encoding("cp1250", ("iso8859-2",))


def test_code_pages_that_make_the_same_text_are_no_doubt() -> None:
    assert encoding_of("Schöne Grüße aus München".encode("cp1252")) == Encoding("cp1252")


def test_damage_does_not_make_another_encoding() -> None:
    data = srt(LINES["ru"][1]).encode()
    assert encoding_of(data + b"\xff\xfe broken").name == "utf-8"
    assert encoding_of(data[:-3] + data[-2:]).name == "utf-8"


@pytest.mark.parametrize(
    ("language", "encoding", "byte"),
    [
        ("ru", "cp1251", b"\x98"),
        ("uk", "cp1251", b"\x98"),
        ("el", "cp1253", b"\xff"),
        ("zh", "gb18030", b"\xff"),
        ("ja", "cp932", b"\xff"),
        ("ko", "cp949", b"\xff"),
    ],
)
def test_one_byte_that_a_code_page_has_not_makes_no_other_page(language: str, encoding: str, byte: bytes) -> None:
    text = srt(LINES[language][1])
    assert read(text.encode(encoding) + b"\r\n" + byte + b" broken").startswith(text)


@pytest.mark.parametrize("encoding", ["utf-32-le", "utf-32-be"])
def test_four_bytes_a_character_are_known_without_a_mark(encoding: str) -> None:
    for _, lines, _ in LINES.values():
        assert encoding_of(srt(lines).encode(encoding)) == Encoding(encoding)


@pytest.mark.parametrize(
    "data", [b"", b"plain", bytes(range(256)), b"\x00", b"\xff", b"\xff" * 500, b"\xe9" * 70_000, b"\x80\x98\n"]
)
def test_any_bytes_have_an_encoding(data: bytes) -> None:
    assert data.decode(encoding_of(data).name, errors="replace") is not None


def test_every_code_page_decodes() -> None:
    for name in CODE_PAGES:
        assert b"1 --> 2".decode(name) == "1 --> 2"
