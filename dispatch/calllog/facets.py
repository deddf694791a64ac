"""The dictionary of what calls can be found by: (kind, value) to a small number."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Table, and_, delete, insert, select, tuple_
from sqlalchemy.dialects import postgresql
from sqlmodel import Session

from dispatch.calllog.tables import call_facet, call_name, call_posting
from dispatch.calllog.words import PREFIX_CHARACTERS, after_prefix

Pair = tuple[str, str]
"""Kind and value of a facet."""
CHUNK = 200
MAX_FACETS_OF_WORD = 400
"""Most facets that one word of a search stands for: the first in the order of their words."""


def insert_new(db: Session, table: Table, rows: list[dict[str, object]]) -> None:
    """Insert rows, passing over those whose key is there."""
    if not rows:
        return
    if db.get_bind().dialect.name == "sqlite":
        db.connection().execute(insert(table).prefix_with("OR IGNORE"), rows)
    else:
        statement = postgresql.insert(table).on_conflict_do_nothing()
        db.connection().execute(statement, rows)


def known(db: Session, pairs: Iterable[Pair]) -> dict[Pair, int]:
    """Return the numbers of facets that are there."""
    wanted, found = sorted(set(pairs)), {}
    for start in range(0, len(wanted), CHUNK):
        rows = db.connection().execute(
            select(call_facet.c.kind, call_facet.c.value, call_facet.c.id).where(
                tuple_(call_facet.c.kind, call_facet.c.value).in_(wanted[start : start + CHUNK])
            )
        )
        found.update({(kind, value): number for kind, value, number in rows})
    return found


def made(db: Session, pairs: Iterable[Pair]) -> dict[Pair, int]:
    """Return the numbers of facets, made where they are new."""
    wanted = set(pairs)
    found = known(db, wanted)
    new = sorted(wanted - found.keys())
    if new:
        insert_new(db, call_facet, [{"kind": kind, "value": value} for kind, value in new])
        found |= known(db, new)
    return found


def name(db: Session, names: Iterable[tuple[str, int]]) -> None:
    """Keep words of names: (word, facet)."""
    rows: list[dict[str, object]] = [
        {"word": word, "facet": facet} for word, facet in sorted(set(names))
    ]
    insert_new(db, call_name, rows)


def drop_unused(db: Session, facets: Sequence[int]) -> None:
    """Take facets away that no call has any more: a word that is erased leaves no trace."""
    for facet in facets:
        used = db.connection().execute(
            select(call_posting.c.no).where(call_posting.c.facet == facet).limit(1)
        )
        if used.first() is None:
            db.connection().execute(delete(call_name).where(call_name.c.facet == facet))
            # A scope keeps its number for ever: rights hang on it.
            unused = delete(call_facet).where(call_facet.c.id == facet)
            db.connection().execute(unused.where(call_facet.c.kind != "scope"))


def values(db: Session, numbers: Iterable[int]) -> dict[int, str]:
    """Return the values of facets, by number."""
    wanted = sorted(set(numbers))
    rows = db.connection().execute(
        select(call_facet.c.id, call_facet.c.value).where(call_facet.c.id.in_(wanted))
    )
    return {number: value for number, value in rows}


def kinds(db: Session, numbers: Iterable[int]) -> dict[int, str]:
    """Return the kinds of facets, by number."""
    rows = db.connection().execute(
        select(call_facet.c.id, call_facet.c.kind).where(call_facet.c.id.in_(sorted(set(numbers))))
    )
    return {number: kind for number, kind in rows}


def by_word(
    db: Session, word: str, kinds: Sequence[str] = (), *, whole: bool = False
) -> dict[int, str]:
    """Return number and kind of the facets that a folded word stands for.

    A facet of kind word is meant by itself, any other by a word of its name. Unless ``whole``, a
    word of three characters or more also stands for what begins with it.
    """
    prefix = len(word) >= PREFIX_CHARACTERS and not whole
    named = (
        select(call_facet.c.id, call_facet.c.kind)
        .join(call_name, call_name.c.facet == call_facet.c.id)
        .where(_fits(call_name.c.word, word, prefix=prefix))
    )
    if kinds:
        named = named.where(call_facet.c.kind.in_(kinds))
    rows = db.connection().execute(named.order_by(call_name.c.word).limit(MAX_FACETS_OF_WORD))
    found = {number: kind for number, kind in rows}
    if not kinds:
        texts = (
            select(call_facet.c.id)
            .where(call_facet.c.kind == "word", _fits(call_facet.c.value, word, prefix=prefix))
            .order_by(call_facet.c.value)
            .limit(MAX_FACETS_OF_WORD)
        )
        found.update({number: "word" for (number,) in db.connection().execute(texts)})
    return found


def _fits(column: ColumnElement[str], word: str, *, prefix: bool) -> ColumnElement[bool]:
    return and_(column >= word, column < after_prefix(word)) if prefix else column == word


class ScopeNumbers:
    """Numbers of the scopes (talkgroups; radios of private calls), read once and then added to."""

    def __init__(self) -> None:
        """Begin with none."""
        self._numbers: dict[str, int] = {}
        self._last = 0

    def read(self, db: Session) -> dict[str, int]:
        """Return the numbers by scope, with what came since the last look."""
        rows = db.connection().execute(
            select(call_facet.c.id, call_facet.c.value)
            .where(call_facet.c.kind == "scope", call_facet.c.id > self._last)
            .order_by(call_facet.c.id)
        )
        for number, value in rows:
            self._numbers[value] = number
            self._last = number
        return self._numbers
