"""A name that Python does not know, explained in the cell: run the cells above, or mind a spelling.

Works inside IPython and is silent elsewhere; other errors are shown as they were before.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

from employer_identity.language import nearest, say

if TYPE_CHECKING:
    from employer_identity.workshop.room import Room


def explain_unknown_names(room: Room) -> None:
    """Let the notebook explain unknown names in the room's language, from now on."""
    shell = _shell()
    if shell is None or getattr(shell, "_workshop_explains", False):
        return
    shell._workshop_explains = True
    before, others = shell.CustomTB, shell.custom_exceptions

    def explain(
        shell: Any, kind: type, error: BaseException, trace: TracebackType, tb_offset: Any = None
    ) -> Any:
        if not isinstance(error, NameError):
            return before(kind, error, trace, tb_offset=tb_offset)
        text = explanation(error, shell.user_ns, room)
        shell._showtraceback(kind, error, [text])
        return [text]

    shell.set_custom_exc((NameError, *others), explain)


def explanation(error: NameError, known: dict[str, object], room: Room) -> str:
    """Say what to do about a name that is not known."""
    name = error.name or str(error)
    own = [n for n in known if not n.startswith("_")]
    near = nearest(name, own)
    code = "workshop.unknown_name.near" if near else "workshop.unknown_name.alone"
    return say(code, room.language, name=name, near=near)


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None
