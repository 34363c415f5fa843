"""The one canonical encoding of all that is signed: a small part of deterministic CBOR (RFC 8949, section 4.2.1).

Only integers (-2^64 .. 2^64-1), byte strings, text, arrays, maps with text keys, booleans and null. Decoding refuses
everything else and every form but the canonical one, so that one value has exactly one encoding and a signature covers
exactly one value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from faced.errors import TrustError
from faced.i18n import _

#: Deeper nesting than any of our formats needs is refused before it costs anything.
MAX_DEPTH = 8

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP = range(6)
_FALSE, _TRUE, _NULL = 0xF4, 0xF5, 0xF6
#: Additional information 24..27: an argument of 1, 2, 4 or 8 bytes follows.
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}


def encode(value: Any) -> bytes:
    """The canonical bytes of a value.

    :param value: int, bytes, str, bool, None, and sequences and str-keyed mappings of these.
    :raises TypeError: for any other type; floats on purpose, since they have no single obvious form.
    """
    out = bytearray()
    _encode(value, out)
    return bytes(out)


def decode(data: bytes) -> Any:
    """The value of canonical bytes: int, bytes, str, bool, None, list and dict.

    :raises TrustError: reason ``malformed`` for anything that :func:`encode` would not have written.
    """
    value, end = _decode(data, 0, 0)
    if end != len(data):
        raise _malformed("bytes after the end")
    return value


def _encode(value: Any, out: bytearray) -> None:
    if value is None:
        out.append(_NULL)
    elif isinstance(value, bool):
        out.append(_TRUE if value else _FALSE)
    elif isinstance(value, int):
        _encode_head(_UNSIGNED, value, out) if value >= 0 else _encode_head(_NEGATIVE, -1 - value, out)
    elif isinstance(value, bytes | bytearray):
        _encode_head(_BYTES, len(value), out)
        out += value
    elif isinstance(value, str):
        text = value.encode("utf-8")
        _encode_head(_TEXT, len(text), out)
        out += text
    elif isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("map keys must be text")
        _encode_head(_MAP, len(value), out)
        for key in sorted(value, key=encode):
            _encode(key, out)
            _encode(value[key], out)
    elif isinstance(value, Sequence):
        _encode_head(_ARRAY, len(value), out)
        for item in value:
            _encode(item, out)
    else:
        raise TypeError(f"{type(value).__name__} has no canonical encoding")


def _encode_head(major: int, argument: int, out: bytearray) -> None:
    if argument < 24:
        out.append(major << 5 | argument)
        return
    for information, width in _WIDTHS.items():
        if argument < 1 << 8 * width:
            out.append(major << 5 | information)
            out += argument.to_bytes(width, "big")
            return
    raise TypeError("integers have at most 64 bits")


def _decode(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > MAX_DEPTH:
        raise _malformed("nested too deeply")
    if at >= len(data):
        raise _malformed("ends too early")
    if data[at] in (_FALSE, _TRUE, _NULL):
        return {_FALSE: False, _TRUE: True, _NULL: None}[data[at]], at + 1
    major, argument, at = _decode_head(data, at)
    if major == _UNSIGNED:
        return argument, at
    if major == _NEGATIVE:
        return -1 - argument, at
    if major in (_BYTES, _TEXT):
        end = at + argument
        if end > len(data):
            raise _malformed("ends too early")
        return (data[at:end], end) if major == _BYTES else (_text(data[at:end]), end)
    if argument > len(data) - at:
        raise _malformed("ends too early")
    if major == _ARRAY:
        items = []
        for _each in range(argument):
            item, at = _decode(data, at, depth + 1)
            items.append(item)
        return items, at
    return _decode_map(data, at, argument, depth)


def _decode_map(data: bytes, at: int, length: int, depth: int) -> tuple[dict[str, Any], int]:
    entries: dict[str, Any] = {}
    last = b""
    for _each in range(length):
        start = at
        key, at = _decode(data, at, depth + 1)
        if not isinstance(key, str):
            raise _malformed("a map key that is not text")
        if data[start:at] <= last:
            raise _malformed("map keys repeated or out of order")
        last = data[start:at]
        entries[key], at = _decode(data, at, depth + 1)
    return entries, at


def _decode_head(data: bytes, at: int) -> tuple[int, int, int]:
    major, information = data[at] >> 5, data[at] & 0x1F
    at += 1
    if major > _MAP:
        raise _malformed("a type that is not used here")
    if information < 24:
        return major, information, at
    width = _WIDTHS.get(information)
    if width is None or at + width > len(data):
        raise _malformed("a length that is not used here")
    argument = int.from_bytes(data[at : at + width], "big")
    shortest = 24 if width == 1 else 1 << 4 * width
    if argument < shortest:
        raise _malformed("a number longer than it needs to be")
    return major, argument, at + width


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed("text that is not UTF-8") from None


def _malformed(what: str) -> TrustError:
    return TrustError(_("A signed or sealed record is malformed: {what}.").format(what=what), reason="malformed")
