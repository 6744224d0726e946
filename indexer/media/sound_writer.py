"""Sound as 16 kHz mono samples in a file, laid on the video's clock."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from indexer.media.sound_file import SoundFileWriter
from retrieval.encoders.base import SPEECH_RATE_HZ, Samples
from retrieval.mono import MonoMix

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

TOLERANCE_S = 0.04
"""Timestamps may be this far from the count of samples; beyond, there is a gap or an overlap."""
BATCH_S = 0.5
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 1_000, 3_072_000
"""From telephones' and toys' to what the densest recorders write; beyond, filters take gigabytes."""


class SampleWriter:
    """Writes a file of sound in which sample ``n`` is heard at ``n / 16000`` seconds.

    Gaps and a late start are silence; of overlaps, what was heard first stays. Several channels are mixed.
    """

    def __init__(self, path: Path) -> None:
        from av.audio.fifo import AudioFifo

        self._file = SoundFileWriter(path)
        self._unwanted = 0
        self._due_s = 0.0
        self._setup: tuple[str, str, int] | None = None
        self._fifo = AudioFifo()
        self._mix: MonoMix | None = None
        self._cancelled_s = 0.0
        self.refused: str | None = None
        """Why the sound, or what follows of it, is not written: what it is, and what is allowed."""

    @property
    def cancelled_s(self) -> float:
        """Seconds so far in which the channels are out of phase, so that their plain sum would be lost."""
        return self._cancelled_s + (self._mix.cancelled_s if self._mix else 0.0)

    @property
    def end_s(self) -> float:
        """Time at which the sound written so far ends."""
        return self._file.length / SPEECH_RATE_HZ

    def add(self, frame: "AudioFrame", time_s: float) -> None:
        """Write the samples of a frame that is heard from ``time_s`` on."""
        if not LOWEST_RATE_HZ <= frame.sample_rate <= HIGHEST_RATE_HZ:
            allowed = f"{LOWEST_RATE_HZ:,} to {HIGHEST_RATE_HZ:,} Hz"
            self.refused = f"sound of {frame.sample_rate:,} Hz is not read; {allowed} are allowed"
        if self.refused:
            return
        setup = (frame.format.name, frame.layout.name, frame.sample_rate)
        if setup != self._setup or abs(time_s - self._due_s) > TOLERANCE_S:
            self._restart(setup, time_s)
        self._due_s += frame.samples / frame.sample_rate
        # Positions come from time_s alone; the buffer below would insist on pts without the slightest jitter.
        frame.pts = None
        self._fifo.write(frame)
        if self._fifo.samples >= BATCH_S * frame.sample_rate:
            self._resample()

    def close(self) -> None:
        """Write what is still buffered."""
        self._drain()
        self._file.close()

    def _restart(self, setup: tuple[str, str, int], time_s: float) -> None:
        from av.audio.fifo import AudioFifo

        self._drain()
        self._setup, self._due_s = setup, time_s
        self._fifo = AudioFifo()
        self._mix = MonoMix()
        position = round(time_s * SPEECH_RATE_HZ)
        self._unwanted = max(0, self._file.length - position)
        self._file.skip_to(position)

    def _resample(self) -> None:
        import av

        frame = self._fifo.read()
        if frame is None or self._mix is None:
            return
        try:
            for samples in self._mix.add(frame):
                self._write(samples)
        except av.FFmpegError as error:
            self._mix = None
            count = frame.layout.nb_channels
            self.refused = f"{count} channels cannot be mixed ({error.strerror}); up to 8 can, or more if each is named"

    def _drain(self) -> None:
        self._resample()
        if self._mix is not None:
            for samples in self._mix.end():
                self._write(samples)
            self._cancelled_s += self._mix.cancelled_s
            self._mix = None

    def _write(self, samples: Samples) -> None:
        wanted = samples[self._unwanted :]
        self._unwanted -= min(self._unwanted, len(samples))
        self._file.write(np.clip(np.rint(wanted * 32768), -32768, 32767).astype(np.int16))
