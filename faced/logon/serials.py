"""The highest serials this host has seen, so that a directory cannot put an older truth back.

Kept for each person's template, tombstone and exemption, for consents, approvals and suspensions together with what the
newest said, for the realm's manifest, and for the unlocks that were used.
Beside them the keys that a manifest has dismissed: one of them cannot issue the next, which would not name it. And who
was known here from the camera: a timer's key cannot put a photo in the place of that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from faced.errors import TrustError
from faced.logon.state_file import damaged, read_state, write_state
from faced.trust.permission import Word, Words
from faced.trust.realm import AGAINST
from faced.trust.statement import Kind
from faced.trust.tombstone import Tombstone

_Names = frozenset[str]
_Serials = dict[str, int]


class SerialMemory:
    """What was seen in one realm; another realm starts with nothing.

    :raises StateError: a damaged memory is not taken for an empty one.
    """

    def __init__(self, path: Path, realm: bytes) -> None:
        self._path = path
        self._realm = realm.hex()
        self._manifest, self._gone, *serials, self._words, self._confirmed = self._read()
        self._people, self._dead, self._exempt, self._unlocked = serials

    def lowest(self, login: str) -> int:
        """The serial below which this person's templates are refused."""
        return self._people.get(login, 0)

    def knows_confirmed(self, login: str) -> bool:
        """Whether the last template of this person that was used here had been confirmed at a camera."""
        return login in self._confirmed

    def saw_template(self, login: str, serial: int, *, confirmed: bool) -> None:
        """Remember the serial of a checked template that was opened, and whether it had been confirmed at a camera.

        :raises StateError: if it cannot be kept.
        """
        if serial > self.lowest(login) or confirmed != self.knows_confirmed(login):
            self._people = {**self._people, login: serial}
            self._confirmed = self._confirmed | {login} if confirmed else self._confirmed - {login}
            self._write()

    def dead_below(self, login: str) -> int:
        """The serial below which this person's templates were withdrawn, also when the directory lost the tombstone."""
        return self._dead.get(login, 0)

    def saw_tombstone(self, login: str, tombstone: Tombstone) -> None:
        """Remember a checked tombstone; one of a handler's ends what was confirmed before.

        :raises StateError: if it cannot be kept.
        """
        below = tombstone.below_serial
        begins_anew = not tombstone.unattended and self.knows_confirmed(login) and below > self.lowest(login)
        if begins_anew or below > self.dead_below(login):
            self._dead = {**self._dead, login: max(below, self.dead_below(login))}
            self._confirmed = self._confirmed - {login} if begins_anew else self._confirmed
            self._write()

    def lowest_exemption(self, login: str) -> int:
        """The serial below which this person's exemptions are refused."""
        return self._exempt.get(login, 0)

    def saw_exemption(self, login: str, serial: int) -> None:
        """Remember the serial of a checked exemption, a withdrawal too.

        :raises StateError: if it cannot be kept.
        """
        if serial > self.lowest_exemption(login):
            self._exempt = {**self._exempt, login: serial}
            self._write()

    def words_about(self, login: str) -> Words:
        """The newest consent, approval and suspension of this person that were seen, whatever the directory has now."""
        return self._words.get(login, {})

    def heard(self, login: str, words: Words) -> None:
        """Remember the newest words about a person.

        :raises StateError: if they cannot be kept.
        """
        if words and words != self.words_about(login):
            self._words = {**self._words, login: dict(words)}
            self._write()

    def used_unlock(self, login: str) -> int:
        """The serial up to which unlocks have given this person tries on this host."""
        return self._unlocked.get(login, 0)

    def use_unlock(self, login: str, serial: int) -> None:
        """Remember that this unlock has given its tries.

        :raises StateError: if it cannot be kept: then it must give none.
        """
        self._unlocked = {**self._unlocked, login: serial}
        self._write()

    def saw_manifest(self, serial: int, issuer: bytes, gone: Collection[bytes]) -> None:
        """Remember the serial of a checked manifest, and whom it dismissed.

        :param issuer: the key that signed it; ``gone`` those that are revoked or retired in it (key ids).
        :raises TrustError: ``issuer_revoked`` if an earlier one dismissed the issuer; ``older_serial`` if a newer one
            was seen.
        :raises StateError: if it cannot be kept.
        """
        if issuer.hex() in self._gone:
            raise TrustError("The realm's manifest is by a key that was dismissed.", reason="issuer_revoked")
        if serial < self._manifest:
            raise TrustError("The realm's manifest is older than one already seen.", reason="older_serial")
        known = self._gone | {key.hex() for key in gone}
        if serial > self._manifest or known != self._gone:
            self._manifest, self._gone = serial, known
            self._write()

    def _read(
        self,
    ) -> tuple[int, _Names, _Serials, _Serials, _Serials, _Serials, dict[str, Words], _Names]:
        nothing: _Names = frozenset()
        match read_state(self._path):
            case None:
                return 0, nothing, {}, {}, {}, {}, {}, nothing
            case {
                "realm": str() as realm,
                "manifest": int() as manifest,
                "people": dict() as people,
                "dead": dict() as dead,
            } as content:
                # Files from before there were exemptions, unlocks, dismissals, words or a memory of cameras name none.
                memories = (people, dead, content.get("exempt", {}), content.get("unlocked", {}))
                names = (content.get("gone", []), content.get("confirmed", []))
                words = content.get("words", {})
                if (
                    all(map(_names_serials, memories))
                    and all(isinstance(listed, list) for listed in names)
                    and _are_words(words)
                ):
                    if realm != self._realm:
                        return 0, nothing, {}, {}, {}, {}, {}, nothing
                    heard = {login: _words_of(about) for login, about in words.items()}
                    gone, confirmed = (frozenset(map(str, listed)) for listed in names)
                    return manifest, gone, *memories, heard, confirmed
        raise damaged(self._path)

    def _write(self) -> None:
        write_state(
            self._path,
            {
                "realm": self._realm,
                "manifest": self._manifest,
                "gone": sorted(self._gone),
                "people": self._people,
                "dead": self._dead,
                "exempt": self._exempt,
                "unlocked": self._unlocked,
                "words": {
                    login: {kind.value: [word.serial, word.against] for kind, word in about.items()}
                    for login, about in self._words.items()
                },
                "confirmed": sorted(self._confirmed),
            },
        )


def _words_of(about: Mapping[str, Any]) -> Words:
    return {Kind(kind): Word(*said) for kind, said in about.items()}


def _are_words(memory: Any) -> bool:
    return isinstance(memory, dict) and all(
        isinstance(about, dict) and about.keys() <= AGAINST and all(map(_is_word, about.values()))
        for about in memory.values()
    )


def _is_word(said: object) -> bool:
    match said:
        case [int(), bool()]:
            return True
    return False


def _names_serials(memory: object) -> bool:
    return isinstance(memory, dict) and all(isinstance(serial, int) for serial in memory.values())
