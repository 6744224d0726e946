"""Which pieces of speech are one voice: a hidden Markov model of voices and their turns, by variational Bayes. Pure.

After Landini, Profant, Diez, Burget: Bayesian HMM clustering of x-vector sequences (VBx), arXiv 2012.14952. Each voice
has a place in the space of traits, drawn from how voices lie there; its pieces lie around that place; whoever speaks
goes on speaking more often than not. It settles near where it begins, with more voices than there are; those that the
pieces give too little reason to keep apart are joined, and it settles anew.
"""

import numpy as np
from numpy.typing import NDArray

from retrieval.domain import Voice
from retrieval.unit_rows import unit_rows

Matrix = NDArray[np.floating]

FIRST_CUT = 0.45
"""Mean cosine of two groups of pieces from which they begin as one voice: more voices than there are, to be joined."""
TRUST = 0.4
"""What a piece counts: they overlap, so that four say what two and a half would that are apart."""
FRUGALITY = 2.0
"""What a voice more costs while the model settles."""
LEAST_REASON = 4.0
"""Evidence (log) for keeping two voices apart, below which they are joined; alike ones have -14, others 70."""
GOES_ON = 0.9
GOES_ON_AFTER_PAUSE = 0.5
"""How probable it is that the next piece has the same voice."""
ROUNDS = 30
SETTLED = 1e-4
"""Gain of a round, as a share of the evidence, below which it was the last."""
ALIVE = 0.5
"""Pieces that a voice has at least, all its shares taken together."""
LEAST_S = 2.0
"""Speech of a voice at least; less is a noise, or a word that another one said in an unusual way."""
SAME_VOICE = 0.5
"""Cosine of two blocks' voices from which they are one."""
LIKE_ANOTHER = 0.65
"""Cosine of two voices of one video at which it is even whether they are told apart."""
ENOUGH_S = 3.0
"""Speech by which two thirds of what could be known of a voice are known."""


def told_apart(vectors: Matrix, traits: Matrix, spread: Matrix, after_pause: NDArray[np.bool_]) -> Matrix:
    """(n, voices) how probable each voice is for each of n pieces in time order, n > 0.

    ``vectors`` (n, dim) are of unit length, ``traits`` (n, k) scatter by 1 in each trait for one voice, ``spread`` (k,)
    is the variance of voices. ``after_pause`` (n,) says where a piece is the first of a stretch of speech.
    """
    stays = np.where(after_pause, GOES_ON_AFTER_PAUSE, GOES_ON)
    groups = _grouped(vectors)
    shares = 0.9 * np.eye(groups.max() + 1)[groups] + 0.1 / (groups.max() + 1)
    while True:
        shares = _settled(shares, traits, spread, stays)
        joined = _joined(shares, traits * np.sqrt(spread), spread)
        if joined.shape == shares.shape:
            return shares
        shares = joined


def _settled(shares: Matrix, traits: Matrix, spread: Matrix, stays: Matrix) -> Matrix:
    """The shares, without voices that die out, once further rounds give hardly more evidence."""
    often = np.full(shares.shape[1], 1.0 / shares.shape[1])
    scaled = traits * np.sqrt(spread)
    known, before = TRUST * -0.5 * np.square(traits).sum(1, keepdims=True), -np.inf
    for _ in range(ROUNDS):
        doubt = 1.0 / (1.0 + TRUST / FRUGALITY * shares.sum(0)[:, None] * spread)
        places = TRUST / FRUGALITY * doubt * (shares.T @ scaled)
        likely = known + TRUST * (scaled @ places.T - 0.5 * (doubt + np.square(places)) @ spread)
        shares, often, evidence = _smoothed(likely, stays, often)
        evidence += FRUGALITY * 0.5 * float((np.log(doubt) - doubt - np.square(places) + 1.0).sum())
        if evidence - before < SETTLED * abs(evidence):
            break
        before = evidence
    alive = shares[:, shares.sum(0) > ALIVE]
    return np.asarray(alive / alive.sum(1, keepdims=True))


def _joined(shares: Matrix, scaled: Matrix, spread: Matrix) -> Matrix:
    """The shares with voices added up, two by two, while there is too little reason to keep them apart."""
    while shares.shape[1] > 1:
        counts, sums = shares.sum(0), shares.T @ scaled
        alone = _evidence(counts, sums, spread)
        together = _evidence(counts[:, None] + counts, sums[:, None] + sums, spread)
        reason = alone[:, None] + alone - together
        np.fill_diagonal(reason, np.inf)
        one, other = sorted(map(int, np.unravel_index(reason.argmin(), reason.shape)))
        if reason[one, other] >= LEAST_REASON:
            break
        shares = np.delete(shares, other, axis=1) + np.outer(shares[:, other], np.arange(len(counts) - 1) == one)
    return shares


def _evidence(counts: Matrix, sums: Matrix, spread: Matrix) -> Matrix:
    """What is gained (log) by a voice for ``counts`` (…,) pieces whose scaled traits add up to ``sums`` (…, k)."""
    doubt = 1.0 / (1.0 + TRUST / FRUGALITY * counts[..., None] * spread)
    gained = np.log(doubt) + (TRUST / FRUGALITY) ** 2 * doubt * np.square(sums)
    return np.asarray(FRUGALITY * 0.5 * gained.sum(-1))


def _grouped(vectors: Matrix) -> NDArray[np.int64]:
    """(n,) numbers from 0 of groups that are alike, by average linkage."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(vectors) == 1:
        return np.zeros(1, np.int64)
    rows, columns = np.triu_indices(len(vectors), 1)
    apart = 1.0 - (vectors @ vectors.T)[rows, columns]
    tree = linkage(np.maximum(apart, 0.0), "average")
    return np.asarray(fcluster(tree, 1.0 - FIRST_CUT, "distance"), np.int64) - 1


def _smoothed(likely: Matrix, stays: Matrix, often: Matrix) -> tuple[Matrix, Matrix, float]:
    """Each piece's shares of the voices by all pieces, how often each voice begins, and the evidence (log).

    ``likely`` (n, voices) are log-likelihoods; ``stays`` (n,) is how probable it is that a piece has the voice of the
    one before, else it is any voice by ``often``. Forwards and backwards, in units that keep each row's sum at 1.
    """
    best = likely.max(1, keepdims=True)
    seen = np.exp(likely - best)
    forward, backward = np.empty_like(seen), np.ones_like(seen)
    sums = np.empty(len(seen))
    now = often * seen[0]
    for at in range(len(seen)):
        if at:
            now = (stays[at] * now + (1.0 - stays[at]) * often) * seen[at]
        sums[at] = now.sum()
        now = now / sums[at]
        forward[at] = now
    begun = np.zeros_like(often)
    for at in range(len(seen) - 1, 0, -1):
        ahead = seen[at] * backward[at] / sums[at]
        new = often * ahead
        begun += (1.0 - stays[at]) * new
        backward[at - 1] = stays[at] * ahead + (1.0 - stays[at]) * new.sum()
    shares = forward * backward
    begun += shares[0]
    return shares, begun / begun.sum(), float(np.log(sums).sum() + best.sum())


class VoicesMet:
    """The voices of a video, met block by block. Those of a block are new, or the nearest ones of those before."""

    def __init__(self) -> None:
        self._sums: list[Matrix] = []
        self._speech_s: list[float] = []
        self._sure_s: list[float] = []

    def meet(self, vectors: Matrix, shares: Matrix, lengths_s: Matrix) -> list[int]:
        """The voice of each piece, by how probable each of the block's is; pieces stand for ``lengths_s``.

        Voices with too little to say leave it to the next probable.
        """
        speech_s = np.bincount(shares.argmax(1), lengths_s, shares.shape[1])
        kept = np.flatnonzero(speech_s >= min(LEAST_S, speech_s.max()))
        own = shares[:, kept].argmax(1)
        sums = np.stack([lengths_s[own == voice] @ vectors[own == voice] for voice in range(len(kept))])
        known = self._known(sums)
        sure_s = lengths_s * shares[:, kept].max(1)
        for voice, number in enumerate(known):
            self._sums[number] = self._sums[number] + sums[voice]
            self._speech_s[number] += float(lengths_s[own == voice].sum())
            self._sure_s[number] += float(sure_s[own == voice].sum())
        return [known[voice] for voice in own]

    def _known(self, sums: Matrix) -> list[int]:
        """Which voice each of a block's is, the most alike first; each is another."""
        known = [-1] * len(sums)
        if self._sums:
            alike = unit_rows(sums) @ unit_rows(np.stack(self._sums)).T
            while alike.size and alike.max() >= SAME_VOICE:
                voice, number = map(int, np.unravel_index(alike.argmax(), alike.shape))
                known[voice] = number
                alike[voice, :] = alike[:, number] = -1.0
        for voice, number in enumerate(known):
            if number < 0:
                known[voice] = len(self._sums)
                self._sums.append(np.zeros(sums.shape[1]))
                self._speech_s.append(0.0)
                self._sure_s.append(0.0)
        return known

    def voice(self, met_as: int, number: int) -> Voice:
        """What is known of the voice that was met as this one."""
        vectors = unit_rows(np.stack(self._sums))
        others = np.delete(vectors @ vectors[met_as], met_as)
        nearest = float(others.max(initial=-1.0))
        speech_s = self._speech_s[met_as]
        certainty = _certainty(self._sure_s[met_as] / speech_s, nearest, speech_s)
        return Voice(number, tuple(map(float, vectors[met_as])), round(speech_s, 3), certainty)


def _certainty(share: float, nearest: float, speech_s: float) -> float:
    """How sure it is that a voice's pieces are its own, 0 to 1.

    By their mean share, by the cosine of the voice that is nearest to it, and by how long it speaks.
    """
    apart = 1.0 / (1.0 + np.exp((nearest - LIKE_ANOTHER) / 0.1))
    return round(float(share * apart * (1.0 - np.exp(-speech_s / ENOUGH_S))), 3)
