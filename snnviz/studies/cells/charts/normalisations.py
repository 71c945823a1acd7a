"""Agreement of the rankings of the same cells by different normalisations of SAHD."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from snnviz.design.cells import canonical_form, parse
from snnviz.studies.cells.scoring import NORMALISATIONS, Candidate, Normalisation
from snnviz.theory.ranks import RankCorrelation, rank_correlation
from snnviz.views.numbers import kendall

WORDS: dict[Normalisation, str] = {
    "paper": "the paper's",
    "code": "an early code's",
    "published": "the published code's",
}


def rank_agreements(
    some: Mapping[Normalisation, Iterable[Candidate]],
) -> dict[tuple[Normalisation, Normalisation], RankCorrelation]:
    """Returns Kendall's tau between the scores (SAHD, sparsity-aware Hamming distance) by each two normalisations, over
    the different cells that both scored.
    """
    scores = {way: _scores(rows) for way, rows in some.items()}
    found = {}
    for one, other in combinations([way for way in NORMALISATIONS if way in scores], 2):
        both = [cell for cell in scores[one] if cell in scores[other]]
        pair = tuple(scores[one][cell] for cell in both), tuple(scores[other][cell] for cell in both)
        if len(both) > 2 and (agreed := rank_correlation(*pair)) is not None:
            found[one, other] = agreed
    return found


def _scores(rows: Iterable[Candidate]) -> dict[object, float]:
    """Of the cells that have one, each once: as it was drawn first."""
    found: dict[object, float] = {}
    for row in sorted(rows, key=lambda row: row.number):
        if not row.fine and row.sahd is not None:
            found.setdefault(canonical_form(parse(row.cell)), row.sahd)
    return found


def sentences(some: Mapping[Normalisation, Iterable[Candidate]]) -> Sequence[str]:
    """Returns a sentence for each two normalisations of the score on how much their rankings of cells agree."""
    return [
        f"{WORDS[one].capitalize()} and {WORDS[other]}: {kendall(found.tau, found.low, found.high)}, {found.count} "
        "different cells."
        for (one, other), found in rank_agreements(some).items()
    ]
