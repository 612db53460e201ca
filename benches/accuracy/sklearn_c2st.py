"""Scores the pairs of `accuracy --check forest` with scikit-learn and compares.

Usage: sklearn_c2st.py FOLDER      (needs: pip install numpy scikit-learn)

FOLDER is what `--check forest` wrote: scores.csv, and a folder with reference.csv and draws.csv for each pair.
Writes forest.csv beside this script. Fails if a score differs by more than .01, or if two halves of one reference
read outside .47 to .51.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import KFold, cross_val_score

TOLERANCE = 0.01
EQUAL = (0.47, 0.51)


def read(path):
    return np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)


def c2st(reference, draws, seed=1):
    """Five-fold accuracy of a forest with default settings, both sets scaled by the first."""
    rows = min(len(reference), len(draws))
    points = np.concatenate([reference[:rows], draws[:rows]])
    points = (points - reference.mean(0)) / reference.std(0)
    labels = np.repeat([0, 1], rows)
    folds = KFold(5, shuffle=True, random_state=seed)
    return cross_val_score(RandomForestClassifier(random_state=seed), points, labels, cv=folds).mean()


def main(folder):
    wrong = []
    with open(folder / "scores.csv") as file:
        scores = list(csv.DictReader(file))
    for score in scores:
        pair = score["pair"]
        theirs = c2st(read(folder / pair / "reference.csv"), read(folder / pair / "draws.csv"))
        score["sklearn"] = round(float(theirs), 4)
        difference = float(score["ours"]) - score["sklearn"]
        print(f"{pair:36} ours {score['ours']:>6}  scikit-learn {score['sklearn']:.4f}  {difference:+.4f}", flush=True)
        if abs(difference) > TOLERANCE:
            wrong.append(f"{pair} differs by {difference:+.4f}")
        if pair.endswith("-equal") and not EQUAL[0] <= float(score["ours"]) <= EQUAL[1]:
            wrong.append(f"{pair} reads {score['ours']}")
    with open(Path(__file__).parent / "forest.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, scores[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(scores)
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
