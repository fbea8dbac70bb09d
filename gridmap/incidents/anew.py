"""What is found anew about an incident when its type, its pin or the land is another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridmap.incidents.life import Template
from gridmap.incidents.public import PublicMatter


@dataclass(frozen=True, slots=True, kw_only=True)
class Anew:
    """The office (None: nobody was found), the template, the values of `OF_PLACE` by name, and what everybody may see from now on."""

    office: str | None
    template: Template
    place: Mapping[str, Any]
    public: PublicMatter | None
