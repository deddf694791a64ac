"""``README.txt``: how to check a package and what is missing from it, in three languages."""

from datetime import datetime

from dispatch.evidence.draft import Coverage, Draft, Gap

_CAUSES = {
    "en": {
        "recorder": "the recorder did not work (down, or its disk full)",
        "link": "the link to the radio or the site was lost",
        "no_key": "the speech was encrypted and there is no key here",
        "not_recorded_by_rule": "a rule forbids to record it",
        "interrupted": "the recording was cut off (crash, power)",
        "erased": "it was erased when its time had run out",
        "clock": "there was no sound time",
    },
    "sv": {
        "recorder": "inspelningen fungerade inte (avstängd eller full disk)",
        "link": "förbindelsen till radion eller platsen var bruten",
        "no_key": "talet var krypterat och det finns ingen nyckel här",
        "not_recorded_by_rule": "en regel förbjuder inspelning",
        "interrupted": "inspelningen bröts (krasch, strömavbrott)",
        "erased": "det raderades när tiden hade gått ut",
        "clock": "det fanns ingen säker tid",
    },
    "uk": {
        "recorder": "запис не працював (вимкнено або диск заповнений)",
        "link": "зв'язок із радіостанцією або об'єктом був утрачений",
        "no_key": "мовлення було зашифроване, а ключа тут немає",
        "not_recorded_by_rule": "правило забороняє запис",
        "interrupted": "запис обірвався (збій, живлення)",
        "erased": "дані стерто після закінчення строку зберігання",
        "clock": "не було надійного часу",
    },
}

_CHECK = {
    "en": """ENGLISH

This is an evidence package. Everything in it can be checked without trusting
those who made it, on any computer with Python 3.11 or newer, with no network:

    python3 verify_evidence.pyz {id}.zip --trust keys.txt

Get verify_evidence.pyz and keys.txt from another place than this package: a
forger could have put false ones in. The program says VALID, VALID WITH
WARNINGS or NOT VALID, and why. What it checks: no file was added, taken away
or changed; the exporter signed the package, and the persons who approved it
with a card; the log's entries about each object are really in the log, which
witnesses saw; the log names the SHA-256 of each original file.

data/calls/*.opus are the recordings as they were made, byte for byte. *.wav
are copies for listening and no originals. *.frames hold the speech frames as
they were received. *.gain tell how loudness was changed: after one line of
text, 5 bytes for each 20 ms: gain and level in 1/100 dB (16 bits each,
big-endian), and flags. *.raw.opus is the sound before that change.
data/camera/*/ hold stills and clips as the source gave them; source.json says
how they were had and by how much the source's clock was wrong. data/raw/* are
messages of cameras as they came, and calls as other recorders uploaded them:
sound and form. The record of such a call says who sent it and when it came.
data/incident.json tells the incident's timeline and the links that a person
confirmed, with why; that file, source.json and the records in data/calls/*.json
were written by the export.
meta/custody.jsonl holds the log's entries; words about persons are encrypted
there. data/coverage.json says what was asked for; in words:
""",
    "sv": """SVENSKA

Detta är ett bevispaket. Allt i det kan kontrolleras utan att lita på dem som
gjorde det, på varje dator med Python 3.11 eller nyare, utan nätverk:

    python3 verify_evidence.pyz {id}.zip --trust keys.txt

Hämta verify_evidence.pyz och keys.txt från annat håll än detta paket: en
förfalskare kan ha lagt in falska. Programmet svarar VALID (giltigt), VALID
WITH WARNINGS (giltigt med varningar) eller NOT VALID (ogiltigt), och varför.
Det kontrollerar att ingen fil har lagts till, tagits bort eller ändrats; att
exportören har signerat paketet, liksom de som godkände det med kort; att
loggens poster om varje objekt verkligen står i loggen, som vittnen har sett;
att loggen anger SHA-256 för varje originalfil.

data/calls/*.opus är inspelningarna som de gjordes, byte för byte. *.wav är
kopior att lyssna på och inga original. *.frames innehåller talramarna som de
togs emot. *.gain visar hur ljudstyrkan ändrades: efter en textrad 5 byte för
varje 20 ms: förstärkning och nivå i 1/100 dB (16 bitar var, big-endian) och
flaggor. *.raw.opus är ljudet före ändringen. data/camera/*/ innehåller
stillbilder och klipp som källan gav dem; source.json säger hur de hämtades och
hur mycket källans klocka gick fel. data/raw/* är kamerornas meddelanden som de
kom, och samtal som andra inspelare laddade upp dem: ljud och formulär.
Posten om ett sådant samtal säger vem som sände det och när det kom.
data/incident.json återger händelsens förlopp och de kopplingar som en person
har bekräftat, och varför; den filen, source.json och data/calls/*.json skrevs
vid exporten. meta/custody.jsonl innehåller
loggens poster; ord om personer är krypterade där. data/coverage.json säger
vad som begärdes; i ord:
""",
    "uk": """УКРАЇНСЬКА

Це пакет доказів. Усе в ньому можна перевірити, не довіряючи тим, хто його
створив, на будь-якому комп'ютері з Python 3.11 або новішим, без мережі:

    python3 verify_evidence.pyz {id}.zip --trust keys.txt

Візьміть verify_evidence.pyz і keys.txt не з цього пакета: підроблювач міг
покласти фальшиві. Програма відповідає VALID (дійсний), VALID WITH WARNINGS
(дійсний із застереженнями) або NOT VALID (недійсний) і пояснює чому. Вона
перевіряє, що жодного файлу не додано, не вилучено й не змінено; що пакет
підписав експортер і ті, хто затвердив його карткою; що записи журналу про
кожен об'єкт справді є в журналі, який бачили свідки; що журнал називає
SHA-256 кожного оригінального файлу.

data/calls/*.opus — записи такими, якими їх зроблено, байт у байт. *.wav —
копії для прослуховування, не оригінали. *.frames містять мовні кадри, як їх
прийнято. *.gain показують, як змінювали гучність: після одного рядка тексту
5 байтів на кожні 20 мс: підсилення та рівень у 1/100 дБ (по 16 бітів,
big-endian) і прапорці. *.raw.opus — звук до цієї зміни. data/camera/*/
містять знімки й відео такими, якими їх дало джерело; source.json каже, як їх
отримано і наскільки помилявся годинник джерела. data/raw/* — повідомлення
камер, як вони надійшли, і виклики такими, якими їх завантажили інші
реєстратори: звук і форма. Запис такого виклику каже, хто й коли його надіслав.
data/incident.json містить перебіг події та зв'язки,
які підтвердила людина, з причинами; цей файл, source.json і data/calls/*.json
написав експорт. meta/custody.jsonl
містить записи журналу; слова про осіб у ньому зашифровані.
data/coverage.json каже, що запитували; словами:
""",
}

_WORDS = {
    "en": {
        "asked": "Asked for: {start} to {end}.",
        "found": "Recordings that match: {matched}, of them in this package: {included}.",
        "left": "Left out: {id}: {why}.",
        "gap": "Nothing was recorded on {where} from {start} to {end}, because {cause}.",
        "all": "everything",
        "none": "No time is known in which nothing could be recorded.",
        "redacted": "This is a redacted copy of {parent}: {reason} ({method}).",
    },
    "sv": {
        "asked": "Begärt: {start} till {end}.",
        "found": "Inspelningar som passar: {matched}, därav i detta paket: {included}.",
        "left": "Utelämnat: {id}: {why}.",
        "gap": "Ingenting spelades in på {where} från {start} till {end}, därför att {cause}.",
        "all": "allt",
        "none": "Ingen tid är känd då inget kunde spelas in.",
        "redacted": "Detta är en maskerad kopia av {parent}: {reason} ({method}).",
    },
    "uk": {
        "asked": "Запитано: від {start} до {end}.",
        "found": "Записів, що відповідають запиту: {matched}, з них у цьому пакеті: {included}.",
        "left": "Не включено: {id}: {why}.",
        "gap": "Нічого не записано: {where}, від {start} до {end}. Причина: {cause}.",
        "all": "усе",
        "none": "Не відомо часу, коли нічого не можна було записати.",
        "redacted": "Це копія пакета {parent} з вилученнями: {reason} ({method}).",
    },
}


def readme(draft: Draft) -> str:
    """Return the text of a package's README."""
    parts = [f"{draft.id}\n"]
    for language, check in _CHECK.items():
        parts.append(check.format(id=draft.id))
        parts.append("\n".join(f"  {line}" for line in _coverage(draft, language)) + "\n")
    return "\n".join(parts)


def _coverage(draft: Draft, language: str) -> list[str]:
    words, coverage = _WORDS[language], draft.coverage
    included = sum(item.type == "recording" for item in draft.items)
    lines = [
        words["asked"].format(start=_clock(coverage.start), end=_clock(coverage.end)),
        words["found"].format(matched=included + len(coverage.left_out), included=included),
    ]
    lines += [words["left"].format(id=one, why=why) for one, why in coverage.left_out]
    lines += [_gap(gap, language) for gap in coverage.gaps] or [words["none"]]
    if draft.redacts is not None:
        redacts = draft.redacts
        lines.append(
            words["redacted"].format(
                parent=redacts.parent, reason=redacts.reason, method=redacts.method
            )
        )
    return lines


def _gap(gap: Gap, language: str) -> str:
    words = _WORDS[language]
    where = ", ".join(one for one in (gap.talkgroup, gap.site) if one) or words["all"]
    cause = _CAUSES[language][gap.cause]
    return words["gap"].format(
        where=where, start=_clock(gap.start), end=_clock(gap.end), cause=cause
    )


def _clock(moment: datetime) -> str:
    """Return a time for people to read, to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def gaps_in_words(coverage: Coverage) -> list[str]:
    """Return the gaps in English, for the screen of those who approve."""
    return [_gap(gap, "en") for gap in coverage.gaps]
