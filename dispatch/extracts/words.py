"""The extract's words in English, Swedish and Ukrainian: plain, the same whatever was left out."""

from collections.abc import Mapping
from dataclasses import dataclass

LANGUAGES = ("en", "sv", "uk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """All texts of one language."""

    title: str
    made_by: str
    your_request: str
    period: str
    until: str
    made_on: str
    intro: str
    none: str
    number: str
    when: str
    what: str
    why: str
    to_whom: str
    no_reason: str
    staff: str
    restriction: str
    complain: str
    operations: Mapping[str, str]
    objects: Mapping[str, str]
    purposes: Mapping[str, str]


ENGLISH = Words(
    title="Who has looked at your data, and why",
    made_by="From",
    your_request="Your request",
    period="Time covered",
    until="to",
    made_on="Made on",
    intro="The list shows each time that our log says that data about you were looked at or given "
    "to somebody else, when it was, and for what purpose.",
    none="There is nothing to list.",
    number="No.",
    when="When",
    what="What",
    why="Why",
    to_whom="Given to",
    no_reason="no purpose was noted",
    staff="The names of members of staff are not given.",
    restriction="The law allows an authority to delay information or to leave it out as long as it "
    "would harm an inquiry or other people (Directive (EU) 2016/680, Articles 13(3) and 15). "
    "Every extract says this, whether or not something was left out.",
    complain="If you think that your data were handled wrongly you may complain to our data "
    "protection officer, to the supervisory authority, or go to court.",
    operations={"consult": "Looked at", "disclose": "Given out"},
    objects={
        "call": "a radio call",
        "recording": "a sound recording",
        "message": "a text message",
        "alarm": "an emergency alarm",
        "incident": "an incident",
        "media": "a picture or video clip",
        "claim": "a face or number plate hit",
        "package": "a package of evidence",
        "call_log": "the call log, searched for you",
        "message_log": "the texts, searched for you",
        "": "data about you",
    },
    purposes={
        "incident": "work on an incident",
        "case": "work on a case",
        "order": "an order of an authority",
        "complaint": "a complaint",
        "audit": "a check of the log",
        "access_request": "your own request",
        "other": "another reason",
    },
)

SWEDISH = Words(
    title="Vem som har tagit del av dina uppgifter, och varför",
    made_by="Från",
    your_request="Din begäran",
    period="Tid som omfattas",
    until="till",
    made_on="Upprättat",
    intro="Listan visar varje gång som uppgifter om dig enligt vår logg har lästs eller lämnats "
    "till någon annan, när det var och för vilket ändamål.",
    none="Det finns inget att redovisa.",
    number="Nr",
    when="När",
    what="Vad",
    why="Varför",
    to_whom="Lämnat till",
    no_reason="inget ändamål antecknades",
    staff="Namn på anställda lämnas inte ut.",
    restriction="En myndighet får enligt lag dröja med information eller utelämna den så länge "
    "den skulle skada en utredning eller andra personer (direktiv (EU) 2016/680, artiklarna "
    "13.3 och 15). Det står i varje utdrag, oavsett om något har utelämnats eller inte.",
    complain="Om du anser att dina uppgifter har behandlats felaktigt kan du klaga hos vårt "
    "dataskyddsombud, hos tillsynsmyndigheten eller väcka talan vid domstol.",
    operations={"consult": "Läst", "disclose": "Utlämnat"},
    objects={
        "call": "ett radiosamtal",
        "recording": "en ljudinspelning",
        "message": "ett textmeddelande",
        "alarm": "ett nödlarm",
        "incident": "en händelse",
        "media": "en bild eller ett videoklipp",
        "claim": "en träff på ansikte eller registreringsskylt",
        "package": "ett bevispaket",
        "call_log": "samtalsloggen, sökning på dig",
        "message_log": "texterna, sökning på dig",
        "": "uppgifter om dig",
    },
    purposes={
        "incident": "arbete med en händelse",
        "case": "arbete med ett ärende",
        "order": "ett beslut av en myndighet",
        "complaint": "ett klagomål",
        "audit": "en kontroll av loggen",
        "access_request": "din egen begäran",
        "other": "en annan anledning",
    },
)

UKRAINIAN = Words(
    title="Хто переглядав ваші дані і навіщо",
    made_by="Від",
    your_request="Ваш запит",
    period="Період",
    until="до",
    made_on="Складено",
    intro="У списку вказано кожен випадок, коли, за нашим журналом, дані про вас переглядали або "
    "передавали комусь іншому, коли це було і з якою метою.",
    none="Немає що вказати.",
    number="№",
    when="Коли",
    what="Що",
    why="Навіщо",
    to_whom="Кому передано",
    no_reason="мету не було записано",
    staff="Імена працівників не повідомляються.",
    restriction="Закон дозволяє органу відкласти надання інформації або не надавати її, доки це "
    "могло б зашкодити розслідуванню чи іншим особам (Директива (ЄС) 2016/680, статті 13(3) і "
    "15). Це зазначено в кожному витягу, незалежно від того, чи було щось пропущено.",
    complain="Якщо ви вважаєте, що з вашими даними поводилися неправильно, ви можете "
    "поскаржитися нашій відповідальній особі із захисту даних, наглядовому органу або "
    "звернутися до суду.",
    operations={"consult": "Переглянуто", "disclose": "Передано"},
    objects={
        "call": "радіовиклик",
        "recording": "звукозапис",
        "message": "текстове повідомлення",
        "alarm": "сигнал тривоги",
        "incident": "подія",
        "media": "зображення або відео",
        "claim": "збіг обличчя або номерного знака",
        "package": "пакет доказів",
        "call_log": "журнал викликів, пошук за вашими даними",
        "message_log": "тексти, пошук за вашими даними",
        "": "дані про вас",
    },
    purposes={
        "incident": "робота над подією",
        "case": "робота у справі",
        "order": "рішення уповноваженого органу",
        "complaint": "скарга",
        "audit": "перевірка журналу",
        "access_request": "ваш власний запит",
        "other": "інша причина",
    },
)

WORDS = {"en": ENGLISH, "sv": SWEDISH, "uk": UKRAINIAN}
