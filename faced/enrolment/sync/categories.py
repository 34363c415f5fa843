"""What a person's category means: enrolled as a matter of course, by approval and consent, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from faced.config import CategoriesConfig, category_key
from faced.trust.sealed import Basis


@dataclass(frozen=True)
class Categories:
    """The categories of a site, as :func:`faced.config.category_key` writes them."""

    staff: frozenset[str]
    by_consent: frozenset[str]

    @classmethod
    def configured(cls, config: CategoriesConfig) -> Categories:
        """Those of the configuration."""
        return cls(frozenset(map(category_key, config.staff)), frozenset(map(category_key, config.by_consent)))

    def basis_of(self, category: str) -> Basis | None:
        """On what people of this category are enrolled (R3, R5); None: they are not."""
        key = category_key(category)
        if key in self.by_consent:
            return Basis.CONSENT
        return Basis.STAFF if key in self.staff else None
