"""An afternoon's workshop: notebooks in Dutch and English whose exercises answer kindly.

``ei.workshop.start("nl")`` begins, ``check("2a", answer)`` says what is right or wrong,
``hint("2a")`` helps a step further each time; `class_survey` gives every student a survey of their
own. The notebooks are made from one source, ``parts/*.toml``, by `building`.
"""

from employer_identity.workshop.data import class_survey, data, first_answers, keep, pupils
from employer_identity.workshop.feedback import Feedback, check, hint, start
from employer_identity.workshop.pictures import Picture, item_gaps, one_factor, picture

__all__ = [
    "Feedback",
    "Picture",
    "check",
    "class_survey",
    "data",
    "first_answers",
    "hint",
    "item_gaps",
    "keep",
    "one_factor",
    "picture",
    "pupils",
    "start",
]
