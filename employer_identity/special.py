"""Special categories of personal data, recognised by what a column or its values are called.

A guess by word stems, in Dutch and English: it asks for a declaration and decides nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from employer_identity.questionnaire import Special

# What a column is called, in words without accents; a stem begins a word unless it says otherwise.
_STEMS: dict[Special, str] = {
    "political_preference": r"politi(c|ek)|(gestemd|stemgedrag|stemvoorkeur|stemt)|(vot(e|ing)s?\b)"
    r"|partijvoorkeur|partijkeuze|verkiezing|elections?\b|^(part(ij|y)|party preference)$",
    "cultural_background": r"etni|ethni|herkomst|afkomst|(im|e)?migra(tie|nt|tion)|allochto"
    r"|autochto|(country|national) (of )?origin|cultur|cultuur|geboorteland|birth country"
    r"|country of birth|nationalit|staatsburgerschap|racial|^(race|ras)$",
    "religion": r"relig|geloof(?!waard)|gelovig|godsdienst|kerk(elijk|gang|gen)|church|faith\b"
    r"|beliefs?\b|levensovertuig|levensbeschouw",
    "health": r"health(?!care)|gezondheid(?!szorg)|ziek(?!enhui)|sick|illness|disease|handicap"
    r"|disab|chroni(c|sch)|arbeidsongeschikt|arbeidsbeperk|beperking|burn ?out|pregnan|zwanger"
    r"|neurodiver|autis|adhd\b|(wao|wia|wajong)\b",
    "sexual_orientation": r"sexual (orient|prefer|ident)|seksue|lhbt|lgbt|geaardheid|heteros"
    r"|homos|bisex|biseks|queer|^orientati(e|on)$",
    "union": r"vakbond|vakverenig|unions?\b|unioni[sz]ed",
}
# The same words in a sense that tells nothing of the kind about a person.
_OTHERWISE: dict[Special, str] = {
    "political_preference": r"political science|politicolog",
    "cultural_background": r"(organi[sz]ation|organisatie|company|corporate|bedrijfs?|team|safety"
    r"|veiligheids?|work|werk|feedback|sector|arts?|kunst)\w* (en |and |& )?cult"
    r"|cult\w* (sector|en |and )|(data|system|systeem|cloud|software)\w* migra",
    "religion": r"good faith|beliefs? in (us|the (firm|company|organi[sz]ation))",
    "health": r"health (care|sector)|(occupational )?health (and|&) safety|sickbay",
    "sexual_orientation": r"$^",
    "union": r"(european|credit|student) union",
}
# What groups are called: one such word may be a name, two are a list of the kind.
_VALUES: dict[Special, str] = {
    "political_preference": r"(vvd|pvv|pvda|d66|cda|sgp|fvd|groenlinks|christenunie|democrats?"
    r"|republicans?|labour|conservatives?|tory|left ?wing|right ?wing)\b",
    "cultural_background": r"(niet )?westers|(non )?western\b|allochto|autochto|migra(nt|tie)",
    "religion": r"islam|moslim|muslim|katholiek|catholic|protestant|christ(en|ian)s?\b|hindoe|hindu"
    r"|jood|joods|jewish|boeddhis|buddhis|athei|gereformeerd",
    "health": r"(non )?disabled|handicap|chronisch|chronically|arbeidsbeperk|arbeidsongeschikt",
    "sexual_orientation": r"heteros|homos|(straight|gay|homo|hetero|queer)\b|lesbi|bisex|biseks",
    "union": r"(fnv|cnv|vcp)\b|vakbondslid|union member",
}


def special_category(names: Iterable[str], values: Iterable[str] = ()) -> Special | None:
    """Return the special category a column may hold, or None.

    Parameters
    ----------
    names
        What the column is called: its name and labels.
    values
        Its groups and their labels; two of them must sound alike.
    """
    said = [_plain(name) for name in names]
    groups = {_plain(value.lower()) for value in values}
    for category, stems in _STEMS.items():
        if any(_found(stems, n) and not re.search(_OTHERWISE[category], n) for n in said):
            return category
        if sum(bool(_found(_VALUES[category], g)) for g in groups) > 1:
            return category
    return None


def _found(stems: str, text: str) -> re.Match[str] | None:
    return re.search(rf"\b(?:{stems})", text)


def _plain(name: str) -> str:
    """Lower case without accents, words apart: ``politicalPref_2`` is ``political pref 2``."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    bare = unicodedata.normalize("NFKD", apart).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall(r"[a-z0-9]+|&", bare))
