r"""Patterns over a unit's number, as fleet lists write them, matched in linear time.

A foreign pattern may be anything, so none is given to a back-tracking engine: it is compiled to a
list of instructions that are run in step over the digits (Thompson, with captures as in Pike's
machine). Time is at most length of the program times length of the number.

Understood: digits and letters, ``.``, ``\d``, ``[...]``, ``(...)``, ``(?:...)``, ``|``, ``*``,
``+``, ``?``, ``{n}``, ``{n,}``, ``{n,m}`` with ``?`` behind them, ``^`` and ``$``. Nothing else.
"""

from dataclasses import dataclass

MAX_PATTERN_CHARACTERS = 200
MAX_PROGRAM = 2000
"""Instructions after repeats are written out; a longer pattern is refused."""
MAX_REPEAT = 64
MAX_NUMBER_CHARACTERS = 32
_DIGITS = frozenset("0123456789")
_SPECIAL = frozenset("\\^$.|?*+()[]{}")


class PatternError(ValueError):
    """The pattern is not one of these; the text says what came where."""


# Instructions: ("char", set | None), ("split", first, second), ("jump", to), ("save", slot),
# ("start",), ("end",), ("match",). A set of None stands for any character.
_Instruction = tuple[object, ...]
_Node = tuple[object, ...]
_PLAIN: dict[str, _Node] = {".": ("char", None), "^": ("start",), "$": ("end",)}


@dataclass(frozen=True, slots=True)
class NumberPattern:
    """A compiled pattern. ``anchored``: the whole number has to fit."""

    text: str
    anchored: bool
    program: tuple[_Instruction, ...]
    groups: int

    def match(self, number: str) -> tuple[str, ...] | None:
        """Return what the groups caught (group 0 is the whole), or None when it does not fit."""
        if len(number) > MAX_NUMBER_CHARACTERS:
            return None
        caught = _run(self.program, number, 2 * (self.groups + 1), self.anchored)
        if caught is None:
            return None
        return tuple(
            number[caught[2 * g] : caught[2 * g + 1]] if caught[2 * g + 1] >= 0 else ""
            for g in range(self.groups + 1)
        )


def compile_pattern(text: str) -> NumberPattern:
    """Return the pattern; ``/.../`` may fit in part, else the whole number has to.

    Raises PatternError that names the place.
    """
    if len(text) > MAX_PATTERN_CHARACTERS:
        raise PatternError(f"pattern: {len(text)} characters, at most {MAX_PATTERN_CHARACTERS}")
    slashed = len(text) >= 2 and text.startswith("/") and text.endswith("/")
    source = text[1:-1] if slashed else text
    parser = _Parser(source)
    node = parser.parse()
    program: list[_Instruction] = [("save", 0)]
    _emit(node, program)
    program += [("save", 1), ("match",)]
    return NumberPattern(text, not slashed, tuple(program), parser.groups)


class _Parser:
    """Recursive descent over one pattern."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self.groups = 0

    def parse(self) -> _Node:
        node = self._either()
        if self._at < len(self._source):
            raise self._fault("a closing bracket without its opening one")
        return node

    def _fault(self, words: str) -> PatternError:
        return PatternError(f"pattern {self._source!r}, place {self._at + 1}: {words}")

    def _peek(self) -> str:
        return self._source[self._at] if self._at < len(self._source) else ""

    def _either(self) -> _Node:
        branches = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else ("either", branches)

    def _sequence(self) -> _Node:
        parts: list[_Node] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated())
        return ("sequence", parts)

    def _repeated(self) -> _Node:
        node = self._atom()
        while True:
            span = self._quantifier()
            if span is None:
                return node
            lazy = self._peek() == "?"
            self._at += lazy
            node = ("repeat", node, *span, lazy)

    def _quantifier(self) -> tuple[int, int | None] | None:
        plain: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        sign = self._peek()
        if sign in plain:
            self._at += 1
            return plain[sign]
        if sign != "{":
            return None
        end = self._source.find("}", self._at)
        low, comma, high = self._source[self._at + 1 : max(end, 0)].partition(",")
        if end < 0 or not low.isdecimal() or (high and not high.isdecimal()):
            raise self._fault("expected {n}, {n,} or {n,m}")
        self._at = end + 1
        first = int(low)
        last = first if not comma else int(high) if high else None
        if max(first, last or 0) > MAX_REPEAT or (last is not None and last < first):
            raise self._fault(f"expected a repeat of 0 to {MAX_REPEAT}, the lower number first")
        return first, last

    def _atom(self) -> _Node:
        sign = self._peek()
        self._at += 1
        if sign == "(":
            return self._group()
        if sign in _PLAIN:
            return _PLAIN[sign]
        return ("char", self._characters(sign))

    def _characters(self, sign: str) -> frozenset[str]:
        if sign == "[":
            return self._set()
        if sign == "\\":
            return self._escaped()
        if sign in _SPECIAL:
            self._at -= 1
            raise self._fault(f"{sign!r} has nothing before it")
        return frozenset(sign)

    def _group(self) -> _Node:
        if self._source.startswith("?:", self._at):
            self._at += 2
            number = None
        elif self._peek() == "?":
            raise self._fault("only (...) and (?:...) are understood")
        else:
            self.groups += 1
            number = self.groups
        node = self._either()
        if self._peek() != ")":
            raise self._fault("an opening bracket is not closed")
        self._at += 1
        return node if number is None else ("group", number, node)

    def _escaped(self) -> frozenset[str]:
        sign = self._peek()
        if sign == "d":
            self._at += 1
            return _DIGITS
        if sign in _SPECIAL or sign in "-/":
            self._at += 1
            return frozenset(sign)
        raise self._fault(f"\\{sign} is not understood")

    def _set(self) -> frozenset[str]:
        negated = self._peek() == "^"
        self._at += negated
        found: set[str] = set()
        while self._peek() != "]":
            found |= self._span()
        self._at += 1
        if not found:
            raise self._fault("an empty [] fits nothing")
        return _DIGITS - found if negated else frozenset(found)

    def _one(self) -> frozenset[str]:
        sign = self._peek()
        if not sign:
            raise self._fault("a [ is not closed")
        self._at += 1
        return self._escaped() if sign == "\\" else frozenset(sign)

    def _span(self) -> frozenset[str]:
        first = self._one()
        if self._peek() != "-" or self._source[self._at + 1 : self._at + 2] in ("]", ""):
            return first
        self._at += 1
        last = self._one()
        if len(first) != 1 or len(last) != 1:
            raise self._fault("a span goes from one character to one character")
        low, high = ord(next(iter(first))), ord(next(iter(last)))
        if low > high or high - low > 127:
            raise self._fault("a span goes upwards")
        return frozenset(chr(code) for code in range(low, high + 1))


def _emit(node: _Node, program: list[_Instruction]) -> None:
    if len(program) > MAX_PROGRAM:
        raise PatternError(f"pattern: its repeats make more than {MAX_PROGRAM} steps")
    match node:
        case ("sequence", list(parts)):
            for part in parts:
                _emit(part, program)
        case ("either", list(branches)):
            _emit_either(branches, program)
        case ("group", int(number), tuple(inner)):
            program.append(("save", 2 * number))
            _emit(inner, program)
            program.append(("save", 2 * number + 1))
        case ("repeat", tuple(inner), int(low), high, bool(lazy)):
            _emit_repeat(inner, low, high if isinstance(high, int) else None, lazy, program)
        case _:
            program.append(node)


def _emit_either(branches: list[_Node], program: list[_Instruction]) -> None:
    ends: list[int] = []
    for branch in branches[:-1]:
        split = len(program)
        program.append(())
        _emit(branch, program)
        ends.append(len(program))
        program.append(())
        program[split] = ("split", split + 1, len(program))
    _emit(branches[-1], program)
    for end in ends:
        program[end] = ("jump", len(program))


def _emit_repeat(
    inner: _Node, low: int, high: int | None, lazy: bool, program: list[_Instruction]
) -> None:
    for _ in range(low):
        _emit(inner, program)
    if high is None:
        split = len(program)
        program.append(())
        _emit(inner, program)
        program.append(("jump", split))
        program[split] = _split(split + 1, len(program), lazy)
        return
    splits = []
    for _ in range(high - low):
        splits.append(len(program))
        program.append(())
        _emit(inner, program)
    for split in splits:
        program[split] = _split(split + 1, len(program), lazy)


def _split(inside: int, after: int, lazy: bool) -> _Instruction:
    return ("split", after, inside) if lazy else ("split", inside, after)


_Thread = tuple[int, tuple[int, ...]]
"""Place in the program, and what the groups caught so far."""


def _run(
    program: tuple[_Instruction, ...], text: str, slots: int, anchored: bool
) -> tuple[int, ...] | None:
    """Run all threads in step; the first in order of preference that ends well wins."""
    machine = _Machine(program, len(text))
    threads: list[_Thread] = []
    best: tuple[int, ...] | None = None
    for place in range(len(text) + 1):
        if best is None and (place == 0 or not anchored):
            machine.follow((0, (-1,) * slots), place, threads, {at for at, _ in threads})
        ahead: list[_Thread] = []
        seen: set[int] = set()
        for at, caught in threads:
            if program[at][0] == "match":
                if anchored and place != len(text):
                    continue
                best = caught
                break
            if place < len(text) and _fits(program[at][1], text[place]):
                machine.follow((at + 1, caught), place + 1, ahead, seen)
        threads = ahead
        if not threads and (best is not None or anchored):
            break
    return best


def _fits(wanted: object, character: str) -> bool:
    return wanted is None or (isinstance(wanted, frozenset) and character in wanted)


@dataclass(frozen=True, slots=True)
class _Machine:
    program: tuple[_Instruction, ...]
    length: int

    def follow(self, start: _Thread, place: int, threads: list[_Thread], seen: set[int]) -> None:
        """Add the threads that wait for a character, in order of preference; no recursion."""
        stack = [start]
        while stack:
            at, slots = stack.pop()
            if at in seen:
                continue
            seen.add(at)
            match self.program[at]:
                case ("jump", int(to)):
                    stack.append((to, slots))
                case ("split", int(first), int(second)):
                    stack += [(second, slots), (first, slots)]
                case ("save", int(slot)):
                    stack.append((at + 1, (*slots[:slot], place, *slots[slot + 1 :])))
                case ("start",) | ("end",) as edge:
                    if place == (0 if edge == ("start",) else self.length):
                        stack.append((at + 1, slots))
                case _:
                    threads.append((at, slots))
