"""Varlink interface files: what the wire looks like, and the check of what came over it.

The ``.varlink`` file is documentation and schema in one: parameters that do not fit it never reach a method.
Grammar: https://varlink.org/Interface-Definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Protocol

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]+|#[^\n]*)"
    r"|(?P<arrow>->)"
    r"|(?P<mark>\[\]|\[string\]|[():,?])"
    r"|(?P<word>[A-Za-z][A-Za-z0-9_.-]*)"
)
_INT_BOUND = 2**63


class Mismatch(Exception):
    """A value that does not fit its declared type; the argument names the parameter."""


class Type(Protocol):
    """A declared type."""

    def checked(self, value: Any, name: str) -> Any:
        """The value with undeclared fields left out and absent ones null.

        :raises Mismatch: naming the first field that does not fit.
        """


@dataclass(frozen=True)
class Primitive:
    """bool, int, float, string or object."""

    word: str

    def checked(self, value: Any, name: str) -> Any:
        fits = {
            "bool": isinstance(value, bool),
            "int": isinstance(value, int) and not isinstance(value, bool) and -_INT_BOUND <= value < _INT_BOUND,
            "float": isinstance(value, int | float) and not isinstance(value, bool),
            "string": isinstance(value, str),
            "object": isinstance(value, dict),
        }
        if not fits[self.word]:
            raise Mismatch(name)
        return value


@dataclass(frozen=True)
class Maybe:
    """A type or null."""

    inner: Type

    def checked(self, value: Any, name: str) -> Any:
        return None if value is None else self.inner.checked(value, name)


@dataclass(frozen=True)
class Array:
    """A list of one type."""

    inner: Type

    def checked(self, value: Any, name: str) -> Any:
        if not isinstance(value, list):
            raise Mismatch(name)
        return [self.inner.checked(item, name) for item in value]


@dataclass(frozen=True)
class Map:
    """A map from strings to one type."""

    inner: Type

    def checked(self, value: Any, name: str) -> Any:
        if not isinstance(value, dict):
            raise Mismatch(name)
        return {key: self.inner.checked(item, name) for key, item in value.items()}


@dataclass(frozen=True)
class Enum:
    """One of some words."""

    words: tuple[str, ...]

    def checked(self, value: Any, name: str) -> Any:
        if value not in self.words:
            raise Mismatch(name)
        return value


@dataclass(frozen=True)
class Struct:
    """Named fields; this is also what a method takes and gives."""

    fields: Mapping[str, Type]

    def checked(self, value: Any, name: str = "parameters") -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Mismatch(name)
        return {field: inner.checked(value.get(field), field) for field, inner in self.fields.items()}


@dataclass(frozen=True)
class _Named:
    name: str
    types: Mapping[str, Type]

    def checked(self, value: Any, name: str) -> Any:
        return self.types[self.name].checked(value, name)


@dataclass(frozen=True)
class Method:
    """What a method takes and gives."""

    parameters: Struct
    reply: Struct


@dataclass
class Interface:
    """One interface: its name, its text as it is handed out, its methods and errors."""

    name: str
    description: str
    methods: dict[str, Method] = field(default_factory=dict)
    errors: dict[str, Struct] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Interface:
        """Read an interface file.

        :raises ValueError: for anything that is not the grammar; the files are ours, so this is a fault of the build.
        """
        return _Parser(text).interface()

    @classmethod
    def shipped(cls, name: str) -> Interface:
        """The interface of a file in this package."""
        return cls.parse((resources.files(__package__) / f"{name}.varlink").read_text(encoding="utf-8"))


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = next(self._tokens, "")
        self._types: dict[str, Type] = {}

    def interface(self) -> Interface:
        self._expect("interface")
        interface = Interface(self._take(), self._text)
        while self._next:
            keyword, name = self._take(), self._take()
            if keyword == "type":
                self._types[name] = self._braces()
            elif keyword == "method":
                parameters = self._struct()
                self._expect("->")
                interface.methods[name] = Method(parameters, self._struct())
            elif keyword == "error":
                interface.errors[name] = self._struct()
            else:
                raise ValueError(f"{interface.name}: {keyword!r} instead of type, method or error")
        return interface

    def _type(self) -> Type:
        word = self._next
        if word == "(":
            return self._braces()
        self._take()
        if word == "?":
            return Maybe(self._type())
        if word == "[]":
            return Array(self._type())
        if word == "[string]":
            return Map(self._type())
        if word in ("bool", "int", "float", "string", "object"):
            return Primitive(word)
        if not word[:1].isupper():
            raise ValueError(f"{word!r} is not a type")
        return _Named(word, self._types)

    def _struct(self) -> Struct:
        parsed = self._braces()
        if not isinstance(parsed, Struct):
            raise ValueError("a struct is expected, not an enum")
        return parsed

    def _braces(self) -> Struct | Enum:
        self._expect("(")
        fields: dict[str, Type] = {}
        words: list[str] = []
        while self._next != ")":
            name = self._take()
            if self._next == ":":
                self._take()
                fields[name] = self._type()
            else:
                words.append(name)
            if self._next != ")":
                self._expect(",")
        self._take()
        if fields and words:
            raise ValueError("neither a struct nor an enum")
        return Enum(tuple(words)) if words else Struct(fields)

    def _take(self) -> str:
        if not self._next:
            raise ValueError("the interface file ends too early")
        word, self._next = self._next, next(self._tokens, "")
        return word

    def _expect(self, word: str) -> None:
        if self._take() != word:
            raise ValueError(f"{word!r} is expected")


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"{text[position : position + 20]!r} is not varlink")
        position = match.end()
        if match.lastgroup != "space":
            yield match.group()
