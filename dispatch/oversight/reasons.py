"""Whether typed words say why somebody looks: the stop-list, in English, Swedish and Ukrainian.

United States audits of plate readers found over 150,000 searches in one network with the reason
"investigation" or the like (evidence practice, reason quality). Words that would fit any search
are taken away; what is left has to say something.
"""

import re

MIN_CHARACTERS = 10
MIN_WORDS = 2
MIN_LETTERS = 4
"""Different letters or digits: ``aaaa aaaa`` and ``asas asas`` say nothing."""

_EMPTY_WORDS = """
investigation investigations investigate investigating investigative inquiry enquiry test
testing tests police policing officer work working job duty duties task check checks checking
checkup look looking lookup case incident event other others misc miscellaneous various
general none nothing nil na nan no yes ok okay reason reasons purpose routine official
business info information search searching query data need needed required requirement request
requested asked because stuff thing things law enforcement lawful legal operational operation
service services curiosity interest research followup follow up confirm verify verification
call calls log logs recording recordings unknown todo tbd xxx asdf qwerty lorem ipsum
utredning utredningen utreda kontroll kontrollen kontrollera kontrollerar koll kolla kollar
prov provar testar testa polis polisen polisiär arbete arbetet arbeta jobb jobbet tjänst
tjänsten tjänsteärende ärende ärendet händelse händelsen övrigt övriga annat andra rutin
rutinkontroll rutinmässig spaning uppföljning förfrågan sök söka sökning sökningen ingen inget
inga anledning skäl syfte behov behövs fråga frågor diverse okänt allmän allmänt allmänna
nödvändigt begäran uppdrag samtal inspelning logg logga перевірка перевірки перевірку
перевірити перевіряю тест тести тестування робота роботи роботу робочий службова службовий
службове службові необхідність необхідно розслідування слідство поліція поліції запит запиту
пошук пошуку справа справи справу інше інші немає нема причина причини контроль контролю
довідка довідки інформація інформації інформацію інфо потреба потреби потрібно подія події
завдання оперативна оперативний оперативні мета дзвінок дзвінки запис записи журнал невідомо
"""
EMPTY = frozenset(_EMPTY_WORDS.split())
"""Words that fit any search, lower case."""
_FILLERS_WORDS = """
a an the of for to in on at and or by with my me i we is it this that as per from och eller
att det den en ett för i på av till med om mitt min mina jag vi är som enligt та і й або в у
на для до з із зі по за це мій моя моє я ми що як від про
"""
FILLERS = frozenset(_FILLERS_WORDS.split())
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


def words_of(text: str) -> list[str]:
    """Return the words of a text, lower case, without punctuation."""
    return _WORD.findall(text.lower())


def normal(text: str) -> str:
    """Return a text as it is compared with earlier ones: case, spaces, punctuation do not count."""
    return " ".join(words_of(text))


def why_empty(text: str) -> str:
    """Return why a text does not say why somebody looks, an empty text when it does."""
    words = words_of(text)
    said = [word for word in words if word not in FILLERS]
    if not [word for word in said if word not in EMPTY]:
        return "these words fit any search"
    if len(text.strip()) < MIN_CHARACTERS:
        return f"it has fewer than {MIN_CHARACTERS} characters"
    if len(words) < MIN_WORDS:
        return "one word does not say why"
    if len(set("".join(words))) < MIN_LETTERS:
        return "it is the same few letters"
    return ""
