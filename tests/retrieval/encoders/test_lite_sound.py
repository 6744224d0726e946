import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.domain import Lane, Span
from retrieval.encoders import lite_sound, log_mel
from retrieval.encoders.base import EncoderSpec, Samples, Vectors
from retrieval.encoders.lite_sound import HOP_S, PROMPTS, REVISION, LiteSoundEncoder, SoundTagger, SoundTags
from retrieval.encoders.voice_activity import to_float
from retrieval.errors import ModelCorruptError, ModelUnavailableError
from tests.places import SHARED
from tests.spoken import recorded, said

RATE_HZ = 16_000
WEIGHTS = Path(lite_sound.__file__).parent / "weights" / "lite_sound.safetensors"


class WordVectors:
    """Sentence vectors in which every word is a fixed random direction: texts with common words are near."""

    spec = EncoderSpec("words", Lane.SPEECH, 256, "1")

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        rows = [sum((self._word(word) for word in text.split()), np.zeros(256)) for text in texts]
        stacked = np.stack(rows) if rows else np.zeros((0, 256))
        return np.asarray(stacked / np.linalg.norm(stacked, axis=1, keepdims=True), np.float32)

    @staticmethod
    def _word(word: str) -> NDArray[np.float64]:
        seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4])
        return np.random.default_rng(seed).standard_normal(256)


@pytest.fixture(scope="module")
def encoder() -> LiteSoundEncoder:
    return LiteSoundEncoder(WordVectors())


def tone(seconds: float, hertz: float = 440.0) -> Samples:
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)).astype(np.float32)


def brown_noise(seconds: float, level: float = 0.002) -> Samples:
    steps = np.random.default_rng(5).standard_normal(round(seconds * RATE_HZ))
    walk = np.convolve(steps, 0.995 ** np.arange(2000), "same")
    return np.asarray(level * walk / np.abs(walk).max(), np.float32)


def rain(seconds: float) -> Samples:
    """Dense noise without its low end, with drops scattered over it."""
    chance = np.random.default_rng(7)
    noise = chance.standard_normal(round(seconds * RATE_HZ))
    drops = (chance.random(len(noise)) < 0.004) * chance.normal(0, 6, len(noise))
    ring = np.exp(-np.arange(160) / 24) * np.sin(np.arange(160) * 1.3)
    hiss = noise - np.convolve(noise, np.ones(8) / 8, "same")
    return np.asarray(0.05 * hiss + 0.03 * np.convolve(drops, ring, "same"), np.float32)


def bell(seconds: float) -> Samples:
    """Partials that are no multiples of each other, the higher the shorter."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    partials = enumerate((300, 600, 720, 900, 1200, 1550), start=1)
    return np.asarray(
        sum(0.08 * np.exp(-time_s * n) * np.sin(2 * np.pi * hz * time_s) for n, hz in partials), np.float32
    )


def likeness(encoder: LiteSoundEncoder, samples: Samples, queries: Sequence[str]) -> list[float]:
    vectors = encoder.embed_sounds([samples]).vectors
    return [float(cosine) for cosine in encoder.embed_texts(queries) @ vectors[0]]


def test_a_pure_tone_lights_up_the_band_of_its_pitch() -> None:
    """1000 Hz is mel 999.99 of 1127 ln(1 + f / 700); bands of equal mel width lie between 125 and 7500 Hz."""
    low, high, pitch = (1127 * np.log1p(hertz / 700) for hertz in (125, 7500, 1000))
    expected = (pitch - low) / (high - low) * (log_mel.BANDS + 1) - 1
    assert abs(log_mel.log_mel(tone(1, 1000)).mean(axis=0).argmax() - expected) < 1


def test_silence_is_the_logarithm_of_the_floor_and_patches_come_every_hop() -> None:
    silent = log_mel.patches(np.zeros(log_mel.PATCH_SAMPLES + 2 * log_mel.HOP_SAMPLES, np.float32))
    assert silent.shape == (3, 96, 64)
    np.testing.assert_allclose(silent, np.log(0.001), atol=1e-6)


def test_samples_shorter_than_a_patch_have_none() -> None:
    assert len(log_mel.patches(np.zeros(log_mel.PATCH_SAMPLES - 1, np.float32))) == 0
    assert len(log_mel.log_mel(np.zeros(10, np.float32))) == 0


@pytest.mark.parametrize("clip", [np.zeros(2 * RATE_HZ, np.float32), brown_noise(2), np.zeros(0, np.float32)])
def test_silence_and_faint_noise_have_no_vector_and_no_label(encoder: LiteSoundEncoder, clip: Samples) -> None:
    embedding = encoder.embed_sounds([clip])
    assert not embedding.vectors.any()
    assert embedding.labels == ((),)


def test_vectors_are_of_unit_length_and_texts_leave_the_place_of_doubt_empty(
    encoder: LiteSoundEncoder,
) -> None:
    tags = SoundTags(
        tuple(PROMPTS), np.eye(len(PROMPTS), dtype=np.float32)[:4] * np.array([[0.2], [0.6], [1.0], [0.0]], np.float32)
    )
    vectors = encoder.embed_spans(tags, [Span(row * HOP_S, (row + 1) * HOP_S) for row in range(4)]).vectors
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 1, 0], atol=1e-5)
    texts = encoder.embed_texts(["a dog barking", "the sound of rain"])
    np.testing.assert_allclose(np.linalg.norm(texts, axis=1), 1, atol=1e-5)
    assert not texts[:, -1].any()


def test_the_surer_the_tagger_the_nearer_the_query(encoder: LiteSoundEncoder) -> None:
    probabilities = np.zeros((3, len(PROMPTS)), np.float32)
    probabilities[:, list(PROMPTS).index("rain")] = [0.2, 0.6, 1.0]
    spans = [Span(row * HOP_S, (row + 1) * HOP_S) for row in range(3)]
    vectors = encoder.embed_spans(SoundTags(tuple(PROMPTS), probabilities), spans).vectors
    faint, fair, sure = vectors @ encoder.embed_texts(["the sound of rain"])[0]
    assert faint < 0.5 * fair < 0.5 * sure


def test_one_bark_in_a_window_is_not_averaged_away(encoder: LiteSoundEncoder) -> None:
    probabilities = np.zeros((5, len(PROMPTS)), np.float32)
    probabilities[2, list(PROMPTS).index("dog barking")] = 1.0
    tags = SoundTags(tuple(PROMPTS), probabilities)
    (labels,) = encoder.embed_spans(tags, [Span(0, 5 * HOP_S)]).labels
    assert labels[0].name == "dog barking"
    assert labels[0].score > 0.5


def test_spans_take_the_hops_whose_middle_they_hold(encoder: LiteSoundEncoder) -> None:
    probabilities = np.zeros((10, len(PROMPTS)), np.float32)
    probabilities[4, 0] = 1.0
    tags = SoundTags(tuple(PROMPTS), probabilities)
    spans = [Span(0, 4 * HOP_S), Span(4 * HOP_S, 6 * HOP_S), Span(4.1 * HOP_S, 4.2 * HOP_S), Span(9.9, 10.4)]
    assert [bool(labels) for labels in encoder.embed_spans(tags, spans).labels] == [False, True, True, False]


def test_no_clips_and_no_spans_give_no_rows(encoder: LiteSoundEncoder) -> None:
    dim = encoder.spec.dim
    assert encoder.embed_sounds([]).vectors.shape == (0, dim)
    assert encoder.embed_spans(encoder.tag(np.zeros(0, np.float32)), []).vectors.shape == (0, dim)
    assert encoder.embed_texts([]).shape == (0, dim)


def test_tags_of_int16_and_float_samples_and_of_any_block_length_agree(
    encoder: LiteSoundEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = brown_noise(9.7, 0.3)
    whole = encoder.tag(samples).probabilities
    assert len(whole) == 21  # 9.7 s / 0.48 s, rounded up
    monkeypatch.setattr(lite_sound, "BLOCK_HOPS", 4)
    np.testing.assert_allclose(encoder.tag(samples).probabilities, whole, atol=1e-4)
    np.testing.assert_allclose(encoder.tag((samples * 32768).astype(np.int16)).probabilities, whole, atol=0.02)


def test_clips_embed_alike_alone_and_in_company(encoder: LiteSoundEncoder) -> None:
    clips = [tone(2), tone(0.3, 900), brown_noise(1.3, 0.3)]
    together = encoder.embed_sounds(clips).vectors
    alone = np.concatenate([encoder.embed_sounds([clip]).vectors for clip in clips])
    np.testing.assert_allclose(together, alone, atol=1e-4)


BARK = SHARED / "bench" / "assets" / "sounds" / "Dog_bark" / "1-100032-A.ogg"
SOUNDS: dict[str, tuple[str, Callable[[], Samples]]] = {
    "rain": ("rain falling", lambda: rain(3)),
    "music": ("music playing", lambda: bell(2.5)),
    "speech": ("someone speaking", lambda: to_float(said("The committee will vote on the budget tomorrow."))),
    **({"dog barking": ("dog barking", lambda: to_float(recorded(BARK)))} if BARK.is_file() else {}),
}
"""What the tagger calls them, words for them, and sounds: computed, and a recorded one where it is at hand."""


@pytest.mark.parametrize("name", SOUNDS)
def test_a_sound_is_found_by_words_for_it(encoder: LiteSoundEncoder, name: str) -> None:
    words, sound = SOUNDS[name]
    samples = sound()
    right, *wrong = likeness(encoder, samples, [words, *(other for other, _ in SOUNDS.values() if other != words)])
    assert right > 2 * max(wrong)
    assert encoder.embed_sounds([samples]).labels[0][0].name == name


def test_weights_that_are_missing_or_broken_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"no weights at .*gone"):
        SoundTagger(tmp_path / "gone.safetensors")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no tensors here")
    with pytest.raises(ModelCorruptError, match=r"broken\.safetensors holds no tensors"):
        SoundTagger(broken)


def test_weights_of_another_network_are_named(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    other = tmp_path / "other.safetensors"
    about = {"classes": '["rain"]', "strides": "[1]", "mel_mean": "0", "mel_scale": "1"}
    kernel, bias = np.zeros((4, 1, 3, 3), np.float32), np.zeros(4, np.float32)
    save_file(
        {
            "conv0.weight": kernel,
            "conv0.bias": bias,
            "head.weight": np.zeros((1, 9), np.float32),
            "head.bias": bias[:1],
        },
        other,
        about,
    )
    with pytest.raises(ModelCorruptError, match=r"other\.safetensors is not a sound tagger"):
        SoundTagger(other)


def test_the_revision_moves_with_weights_and_prompts(encoder: LiteSoundEncoder) -> None:
    """Stored vectors stay comparable: whoever changes what makes them must raise REVISION, and this table."""
    made_of = hashlib.sha256(WEIGHTS.read_bytes() + repr(sorted(PROMPTS.items())).encode()).hexdigest()[:8]
    assert {REVISION: made_of} == {"2": "6f4fcedf"}
    assert encoder.spec == EncoderSpec("lite-sound", Lane.SOUND, 256, REVISION)


def test_the_weights_are_small_enough_to_ship() -> None:
    assert WEIGHTS.stat().st_size < 5_000_000
