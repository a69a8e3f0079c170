"""`explore`: a survey behind a few controls, for JupyterLab; `exploring` makes what they show."""

from __future__ import annotations

from typing import Any, cast

from employer_identity.edge import checked
from employer_identity.errors import Problem, ReportError
from employer_identity.exploring import TOPICS, USES, Choice, Exploration, Explored
from employer_identity.language import Language, refusal, say
from employer_identity.levels import NUMBERS
from employer_identity.showing import Showing, View
from employer_identity.survey import Survey

_CHOICES = ("topic", "grouping", "pillar", "model", "rung")
_WIDTH = "110px"  # of a control's label


class Explorer(Showing):
    """Controls and what they show, made by `explore`.

    Attributes
    ----------
    controls
        By name: topic, grouping, pillar, model, rung, copy, code.
    page
        Where it is shown.
    """

    def __init__(self, exploration: Exploration, language: Language, widgets: Any) -> None:
        self.exploration = exploration
        self.language = language
        self.controls: dict[str, Any] = _controls(exploration, language, widgets)
        self.page = widgets.HTML()
        self._hint = widgets.HTML(_note(say("exploring.keys", language)))
        self._box = widgets.VBox([*self.controls.values(), self._hint, self.page])
        for name in _CHOICES:
            self.controls[name].observe(self._changed, "value")
        self.controls["copy"].on_click(self._copy)
        self._changed(None)

    @property
    def choice(self) -> Choice:
        """What the controls ask for."""
        return Choice(**{n: self.controls[n].value for n in _CHOICES}, language=self.language)

    @property
    def explored(self) -> Explored:
        """What is shown for it."""
        return self._explored

    def _changed(self, _: object) -> None:
        choice = self.choice
        for name in _CHOICES[1:]:
            self.controls[name].disabled = name not in USES[choice.topic]
        if choice.topic != "answers":
            self.page.value = f'<p role="status">{say("exploring.working", self.language)}</p>'
        self._explored = self.exploration.show(choice)
        self.page.value = self._explored.html
        self.controls["code"].value = self._explored.code

    def _copy(self, _: object) -> None:
        """Show the code where it can be selected and copied."""
        self.controls["code"].layout.display = ""
        self._hint.value = _note(say("exploring.copied", self.language))

    def _view(self) -> View:
        title = say("exploring.printed", self.language, n=self.exploration.survey.n)
        return View(title, tuple(self._explored.code.splitlines()))

    def _repr_mimebundle_(self, **asked: Any) -> Any:
        return self._box._repr_mimebundle_(**asked)


def _note(text: str) -> str:
    return f'<p role="status" style="margin:.3em 0;line-height:1.4;white-space:normal">{text}</p>'


def _controls(exploration: Exploration, language: Language, widgets: Any) -> dict[str, Any]:
    """Return the controls, each with its label, in the order in which Tab goes through them."""
    instrument = exploration.survey.instrument
    groupings = [(instrument.label(g, language), g) for g in exploration.groupings]
    everybody = (say("exploring.everybody", language), "")
    options: dict[str, list[tuple[str, str]]] = {
        "topic": [(say(f"exploring.topic.{t}", language), t) for t in TOPICS],
        "grouping": [*groupings, everybody],
        "pillar": [(instrument.label(p, language), p) for p in instrument.factors],
        "model": [(say(f"exploring.model.{m}", language), m) for m in exploration.models],
        "rung": [(say(f"invariance.level.{level}", language), level) for level in NUMBERS],
    }
    layout, style = {"width": "32em"}, {"description_width": _WIDTH}
    found = {
        name: widgets.Dropdown(
            options=given, value=given[0][1], layout=layout, style=style,
            description=say(f"exploring.label.{name}", language),
        )
        for name, given in options.items()
    }  # fmt: skip
    found["copy"] = widgets.Button(description=say("exploring.copy", language), icon="copy")
    hidden = {"display": "none", "width": "60em", "height": "16em"}
    found["code"] = widgets.Textarea(
        description=say("exploring.label.code", language), style=style, layout=hidden
    )
    return found


@checked(ReportError)
def explore(survey: Survey, *, language: Language = "en") -> Explorer:
    """Explore a survey in JupyterLab: answers, loadings by group, the ladder, latent means.

    Choose what to look at, by which grouping, with which model; what may not be compared is refused
    with the reason. A button gives the code that makes what is shown. Groups that are too small are
    not shown. By keyboard: Tab goes to the next control, Space opens a list or presses the button,
    arrows and Enter choose.

    Parameters
    ----------
    survey
        The answers, of one wave where there are several.
    language
        Of labels and figures.

    Returns
    -------
    Explorer
        Shows itself in JupyterLab.

    Raises
    ------
    ReportError
        If ipywidgets is not installed (the extra ``lab``).

    Examples
    --------
    >>> explorer = ei.explore(survey)
    >>> explorer.controls["topic"].value = "ladder"
    >>> print(explorer.explored.code.splitlines()[-1])
    display(figures.ladder(ladder, survey.instrument, language="en"))
    """
    try:
        import ipywidgets
    except ImportError as error:
        raise refusal(ReportError, [Problem("exploring.needs_ipywidgets")]) from error
    return Explorer(Exploration(survey), language, cast("Any", ipywidgets))
