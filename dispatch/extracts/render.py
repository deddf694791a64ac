"""The extract as text, as a page to print, and as JSON, in one of three languages."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from html import escape
from typing import Any

from dispatch.extracts.words import WORDS, Words

Content = Mapping[str, Any]
"""What was released: codes and times only, no word of any language."""


def as_json(content: Content, language: str, zone: tzinfo) -> dict[str, Any]:
    """Return the extract as JSON values."""
    words = WORDS[language]
    return {
        "title": words.title,
        "language": language,
        "from": content["room"],
        "request": content["ref"],
        "period": [_day(content["from_utc"], zone), _day(content["to_utc"] - 1, zone)],
        "made": _day(content["made_utc"], zone),
        "rows": [
            {key: value for key, value in zip(_KEYS, row, strict=True) if value}
            for row in _rows(content, words, zone)
        ],
        "notes": [words.staff, words.restriction, words.complain],
    }


_KEYS = ("number", "when", "what", "why", "given_to")


def as_text(content: Content, language: str, zone: tzinfo) -> str:
    """Return the extract as plain text."""
    words = WORDS[language]
    lines = [
        words.title.upper(),
        "",
        *(f"{name}: {value}" for name, value in _head(content, words, zone)),
    ]
    lines += ["", words.intro, ""]
    for number, when, what, why, given_to in _rows(content, words, zone):
        lines.append(f"{number}. {when}")
        lines.append(f"   {what}")
        lines.append(f"   {words.why}: {why}")
        if given_to:
            lines.append(f"   {words.to_whom}: {given_to}")
        lines.append("")
    if not content["rows"]:
        lines += [words.none, ""]
    return "\n".join([*lines, words.staff, "", words.restriction, "", words.complain, ""])


def as_html(content: Content, language: str, zone: tzinfo) -> str:
    """Return the extract as one page for the printer: no script, nothing from elsewhere."""
    words = WORDS[language]
    head = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"
        for name, value in _head(content, words, zone)
    )
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
        for row in _rows(content, words, zone)
    )
    titles = (words.number, words.when, words.what, words.why, words.to_whom)
    heads = "".join(f"<th>{escape(title)}</th>" for title in titles)
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    listed = table if content["rows"] else f"<p>{escape(words.none)}</p>"
    notes = "".join(
        f"<p>{escape(text)}</p>" for text in (words.staff, words.restriction, words.complain)
    )
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        f"<title>{escape(words.title)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(words.title)}</h1><dl>{head}</dl><p>{escape(words.intro)}</p>{listed}{notes}"
        "</html>"
    )


_STYLE = (
    "body{font:11pt/1.4 sans-serif;max-width:190mm;margin:15mm auto;color:#000;background:#fff}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "border-bottom:1px solid #888;padding:4px 8px 4px 0}dl{display:grid;"
    "grid-template-columns:auto 1fr;gap:2px 16px}dd{margin:0}tr{break-inside:avoid}"
)


def _head(content: Content, words: Words, zone: tzinfo) -> list[tuple[str, str]]:
    begin, end = _day(content["from_utc"], zone), _day(content["to_utc"] - 1, zone)
    return [
        (words.made_by, content["room"]),
        (words.your_request, content["ref"]),
        (words.period, f"{begin} {words.until} {end}"),
        (words.made_on, _day(content["made_utc"], zone)),
    ]


def _rows(content: Content, words: Words, zone: tzinfo) -> list[tuple[str, str, str, str, str]]:
    return [
        (
            str(number),
            _minute(row["t_utc"], zone),
            f"{words.operations[row['op']]}: {words.objects.get(row['object'], words.objects[''])}",
            _why(row, words),
            row["recipient"],
        )
        for number, row in enumerate(content["rows"], start=1)
    ]


def _why(row: Mapping[str, Any], words: Words) -> str:
    if not row["code"]:
        return words.no_reason
    parts = [words.purposes.get(row["code"], words.purposes["other"]), row["ref"], row["text"]]
    return ", ".join(part for part in parts if part)


def _local(t_utc: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(t_utc / 1_000_000, UTC).astimezone(zone)


def _minute(t_utc: int, zone: tzinfo) -> str:
    return f"{_local(t_utc, zone):%Y-%m-%d %H:%M}"


def _day(t_utc: int, zone: tzinfo) -> str:
    return f"{_local(t_utc, zone):%Y-%m-%d}"
