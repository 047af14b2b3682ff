"""A fact that does not fit, in people's words: the engine knows places by their codes alone, we know their names.

Read by the API's problems, the forms and the spreadsheet alike, so that all of them say the same.
"""

from eligibility import FactProblem
from marketplace.i18n import translate
from marketplace.portal import codes


def problem_words(problem: FactProblem, lang: str) -> str:
    """What is wrong with a fact."""
    if problem.code != "fact_elsewhere":
        return problem.message(lang)
    said = {"city": "value", "lies_in": "lies_in", "province": "said"}
    names = {name: _region(str(problem.params[param]), lang) for name, param in said.items()}
    return translate(lang, "fact.error.city", **names)


def _region(code: str, lang: str) -> str:
    found = codes.regions().get(code)
    return codes.named(found, lang) if found else code
