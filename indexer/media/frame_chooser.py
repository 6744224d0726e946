"""Which frames to keep, decided one frame at a time: dense where the picture changes, one where it rests."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from indexer.media.frame_pixels import SIGNATURE_HEIGHT, SIGNATURE_WIDTH, Signature

BLOCK_CELLS = 4
"""Change is measured in blocks of 4 x 4 cells: a sixteenth of the picture's width, a ninth of its height."""

# Thresholds are mean luma differences (0 to 255) within the most changed block. Compression moves the
# blocks of a resting picture by less than 1.5, heavy film grain by 5; a new line of text, by 15 or more.
RESTING = 2.5
CHANGED = 6.0
STRIKING = 24.0
STRIKING_OVER_USUAL = 1.5

CUT_STEP = 12.0
CUT_OVER_USUAL = 2.0
USUAL_HALVES_IN_S = 0.25
"""A cut changes the whole picture by 12 on average, and twice as much as anything just before it."""

LOOK_EVERY_S = 0.03
"""Frames closer together than this are not looked at, cuts excepted."""

EXTRA_FRAMES = 6.0
EXTRA_FRAMES_PER_S = 0.5
"""Frames beyond the base rate come out of an allowance, so that restless footage cannot multiply the cost."""

SETTLED_AFTER_S = 0.25
READ_AFTER_CUT_S = 0.4
READ_RESTING_EVERY_S = 0.5
READ_AFTER_CUT_EVERY_S = 1.0
READ_MOVING_EVERY_S = 2.0


SMALL_PRINT_EVERY_S = 2.0
SMALL_PRINT_LOOK_S = 0.5
SMALL_PRINT_CHANGED = 4.0
SMALL_PRINT_BLOCKS = 2
"""Small print on a large screen changes a signature sixteen times as fine by so much, in so many blocks side by side:
a line of ten letters does, a cursor does not."""


@dataclass(frozen=True, slots=True)
class FrameChoice:
    """What to do with one frame."""

    keep: bool = False
    """Keep it as a sampled frame."""
    read: bool = False
    """Worth reading text off. If not kept itself, it shows the same as the frame kept last, as yet unread."""
    same: bool = True
    """It looks like the frame kept last."""


class FrameChooser:
    """Chooses frames of one video, fed in time order; holds a few signatures and no frames."""

    def __init__(self, fps: float = 2.0, burst_fps: float = 10.0) -> None:
        self._every_s = 1.0 / fps
        self._burst_every_s = 1.0 / max(burst_fps, fps)
        self._looked_s = -np.inf
        self._kept: Signature | None = None
        self._kept_s = -np.inf
        self._kept_is_read = False
        self._allowance = EXTRA_FRAMES
        self._usual_change = 0.0
        self._usual_step = 0.0
        self._cut_s = -np.inf
        self._cut_unread = True
        self._rested: Signature | None = None
        self._rested_s = -np.inf
        self._read: Signature | None = None
        self._read_s = -np.inf
        self._small_print = _SmallPrint()

    def choose(
        self, time_s: float, signature: Signature, step: float, fine: Callable[[], Signature] | None = None
    ) -> FrameChoice:
        """What to do with this frame. ``step`` is its mean difference from the frame before.

        ``fine`` gives a finer signature, of pictures so large that they may hold print too small for the other.
        """
        is_cut = step > CUT_STEP and step > CUT_OVER_USUAL * self._usual_step
        if not is_cut and time_s - self._looked_s < LOOK_EVERY_S:
            return FrameChoice()
        if is_cut:
            self._cut_s, self._cut_unread = time_s, True
        waited_s = time_s - self._looked_s
        self._usual_step = max(step, self._usual_step * 0.5 ** (waited_s / USUAL_HALVES_IN_S))
        self._allowance = min(EXTRA_FRAMES, self._allowance + EXTRA_FRAMES_PER_S * waited_s)
        self._looked_s = time_s

        if self._rested is None or block_change(signature, self._rested) > RESTING:
            self._rested, self._rested_s = signature, time_s
        change = 0.0 if self._kept is None else block_change(signature, self._kept)
        keep = self._kept is None or is_cut or self._is_due(time_s, change)
        read = self._is_to_be_read(time_s, signature)
        if fine is not None:
            read = self._small_print.is_to_be_read(time_s, fine, read)
        if read:
            self._read, self._read_s, self._cut_unread = signature, time_s, False
            keep = keep or change > CHANGED or self._kept_is_read
        if keep:
            self._kept, self._kept_s = signature, time_s
            self._kept_is_read = False
        self._kept_is_read |= read
        return FrameChoice(keep=keep, read=read, same=keep or change <= CHANGED)

    def _is_due(self, time_s: float, change: float) -> bool:
        waited_s = time_s - self._kept_s
        if change <= CHANGED:
            return False
        if waited_s >= self._every_s:
            self._usual_change += 0.3 * (change - self._usual_change)
            return True
        striking = change > max(STRIKING, STRIKING_OVER_USUAL * self._usual_change)
        if striking and waited_s >= self._burst_every_s and self._allowance >= 1:
            self._allowance -= 1
            return True
        return False

    def _is_to_be_read(self, time_s: float, signature: Signature) -> bool:
        waited_s = time_s - self._read_s
        resting = time_s - self._rested_s >= SETTLED_AFTER_S
        if self._cut_unread and (resting or time_s - self._cut_s >= READ_AFTER_CUT_S):
            return waited_s >= (READ_RESTING_EVERY_S if resting else READ_AFTER_CUT_EVERY_S)
        if waited_s < (READ_RESTING_EVERY_S if resting else READ_MOVING_EVERY_S):
            return False
        return self._read is None or block_change(signature, self._read) > CHANGED


class _SmallPrint:
    """Watches a large picture for lines of print that come or go while it rests."""

    def __init__(self) -> None:
        self._looked_s = -np.inf
        self._seen: Signature | None = None
        self._read: Signature | None = None
        self._read_s = -np.inf

    def is_to_be_read(self, time_s: float, fine: Callable[[], Signature], read: bool) -> bool:
        """Whether to read this frame: because it is read anyway, or shows other lines than the one read last."""
        if not read and time_s - self._looked_s < SMALL_PRINT_LOOK_S:
            return False
        now, before = fine(), self._seen
        self._seen, self._looked_s = now, time_s
        if not read:
            rests = before is not None and not _other_lines(now, before)
            is_due = time_s - self._read_s >= SMALL_PRINT_EVERY_S
            read = rests and is_due and self._read is not None and _other_lines(now, self._read)
        if read:
            self._read, self._read_s = now, time_s
        return read


def _other_lines(one: Signature, other: Signature) -> bool:
    rows, columns = (size // BLOCK_CELLS for size in one.shape)
    blocks = np.abs(one - other).reshape(rows, BLOCK_CELLS, columns, BLOCK_CELLS).mean(axis=(1, 3))
    changed = blocks > SMALL_PRINT_CHANGED
    side_by_side = np.lib.stride_tricks.sliding_window_view(changed, SMALL_PRINT_BLOCKS, axis=1)
    return bool(side_by_side.all(axis=-1).any())


_ROWS = np.kron(np.eye(SIGNATURE_HEIGHT // BLOCK_CELLS), np.ones((1, BLOCK_CELLS))).astype(np.float32)
_COLUMNS = np.kron(np.eye(SIGNATURE_WIDTH // BLOCK_CELLS), np.ones((BLOCK_CELLS, 1))).astype(np.float32)


def block_change(one: Signature, other: Signature) -> float:
    """Mean absolute difference, 0 to 255, in the block that differs most."""
    return float((_ROWS @ np.abs(one - other) @ _COLUMNS).max()) / BLOCK_CELLS**2
