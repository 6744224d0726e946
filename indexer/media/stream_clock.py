"""Finds the one clock of a file whose timestamps start over or leap, and puts its packets on it.

Recordings joined end to end, by ``cat`` or in a camera, count from the start again; receivers leap when the sender
does. Such a break belongs to the file, not to one stream: after it, picture and sound go on from one common point,
the later of their ends, so that they stay in step with each other however they differed in length before.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from indexer.media.container_clock import LONGEST_FRAME_S
from indexer.media.probe import open_media
from retrieval.stream_clock import Break, StreamClock

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

    from indexer.media.probe import MediaInfo

BACK_S = 0.2
"""Decoding times never run backwards; where they fall back further than some writers' rounding, they start over."""
LEAP_S = 3600.0
"""A longer gap is no pause of the recording: nobody waits for it, and nothing would be found behind it."""
_NEAR_S = 10.0
_STRAY_S = 1.0
"""Times that come back to where they were after so little were damaged in between."""
_MOST_PIECES = 10_000
MPEG = frozenset({"mpeg", "mpegts"})
"""Containers whose clock goes round, and that can be read from any byte on."""
CLOCK_HZ = 90_000
"""What MPEG counts by, and so fine that frames of any usual rate keep their times."""
USUAL_FRAME_S = 0.04
"""How long a frame is taken to last where the file does not say."""
_WRAP_S = 2**33 / CLOCK_HZ
"""MPEG counts to here; its demuxer takes what lies before the first timestamp for a count that went round."""


class OnClock:
    """Puts packets on a clock, in the order in which the file has them."""

    def __init__(self, clock: StreamClock) -> None:
        self._clock = clock
        self._places: dict[int, int] = {}
        self._last_s: dict[int, float] = {}

    def offset_s(self, packet: "Packet[Stream]") -> float:
        """What to add to the packet's timestamps."""
        offsets = self._clock.offsets_s[packet.stream_index]
        place = self._places.get(packet.stream_index, 0)
        is_break = self._is_break(packet)
        if packet.pos is None:
            # Not all demuxers say where a packet lies; the breaks come in the same order.
            place = min(place + (is_break and packet.stream_index in self._places), len(offsets) - 1)
        else:
            while place + 1 < len(offsets) and packet.pos > offsets[place + 1][0]:
                place += 1
            # Packets of one page have its place: of those, the break tells which are the new ones.
            if place + 1 < len(offsets) and packet.pos == offsets[place + 1][0] and is_break:
                place += 1
        self._places[packet.stream_index] = place
        return offsets[place][1]

    def _is_break(self, packet: "Packet[Stream]") -> bool:
        """Whether the stream's times do not run on here; True for its first packet, which follows on nothing."""
        time_s = _time_s(packet)
        if time_s is None:
            return False
        last_s = self._last_s.get(packet.stream_index)
        self._last_s[packet.stream_index] = time_s
        return last_s is None or not _runs_on(last_s, time_s, ())

    def shifted(self, packet: "Packet[Stream]", origin_s: float = 0.0) -> "Packet[Stream]":
        """The packet with the timestamps of the clock, counted from ``origin_s``."""
        ticks = round((self.offset_s(packet) + origin_s) / float(packet.time_base))
        if packet.is_discard and self._places[packet.stream_index]:
            # Demuxers of fragmented MP4 take what lies before the last time for no part of the film.
            packet = _kept(packet)
        if packet.pts is not None:
            packet.pts += ticks
        if packet.dts is not None:
            packet.dts += ticks
        return packet


class BreakFinder:
    """Tells, packet by packet, whether the timestamps of each stream run on."""

    def __init__(self) -> None:
        self._last_s: dict[int, float] = {}

    def is_break(self, packet: "Packet[Stream]") -> bool:
        time_s = _time_s(packet)
        if time_s is None:
            return False
        last_s = self._last_s.get(packet.stream_index, time_s)
        self._last_s[packet.stream_index] = time_s
        return not _runs_on(
            last_s, time_s, [at_s for index, at_s in self._last_s.items() if index != packet.stream_index]
        )


def read_clock(info: "MediaInfo") -> StreamClock | None:
    """The clock of a file, found by reading all of its packets without decoding; None if its own runs on."""
    import av

    scan = _Scan(goes_round=info.container in MPEG)
    with open_media(info.path, info.roots) as container:
        # Those of one program: another has a clock of its own.
        streams = [container.streams[about.index] for about in (info.video, *info.candidates) if about]
        with suppress(av.FFmpegError):  # what was read before the damage counts
            for packet in container.demux(streams):
                scan.see(packet)
    return scan.clock(info.start_time_s)


@dataclass(slots=True)
class _Piece:
    """A part of the file in which times run on, in seconds of its own."""

    begun_by: int
    first_s: float
    last_s: float
    pos: int
    jump_s: float
    ends_s: dict[int, tuple[int, float]]
    """For each stream, the piece that it was in when this one began, and where it ended there."""
    is_stray: bool = False


@dataclass(slots=True)
class _Lane:
    """One stream on its way through the pieces."""

    index: int
    piece: int
    last_s: float
    end_s: float
    entered_s: float
    pos: int
    places: list[tuple[int, int]] = field(default_factory=list)
    before: tuple[int, float, float] | None = None
    """Piece, last time and end before the last break."""


class _Scan:
    """Finds the pieces of a file, one packet after another."""

    def __init__(self, *, goes_round: bool) -> None:
        self._goes_round = goes_round
        self._pieces: list[_Piece] = []
        self._lanes: dict[int, _Lane] = {}

    def see(self, packet: "Packet[Stream]") -> None:
        time_s = _time_s(packet)
        if time_s is None:
            return
        base_s, index = float(packet.time_base), packet.stream_index
        shown_s = time_s if packet.pts is None else packet.pts * base_s
        lane = self._lanes.get(index)
        # Where a parser cut a packet into several, only the first has its place.
        pos = packet.pos if packet.pos is not None else lane.pos if lane else 0
        if lane is None:
            piece = self._joined(0, time_s, pos) if self._pieces else self._begun(index, time_s, shown_s, 0.0, pos)
            piece = len(self._pieces) - 1 if piece is None else piece
            lane = self._lanes[index] = _Lane(index, piece, time_s, shown_s, time_s, pos, [(0, piece)])
        elif not _runs_on(
            lane.last_s, time_s, [other.last_s for other in self._lanes.values() if other.piece == lane.piece]
        ):
            self._break(lane, time_s, shown_s, pos)
        lane.pos = pos
        lane.last_s = time_s
        lane.end_s = max(
            lane.end_s, shown_s + min(packet.duration * base_s if packet.duration else 0.0, LONGEST_FRAME_S)
        )
        piece_in = self._pieces[lane.piece]
        piece_in.first_s, piece_in.last_s = min(piece_in.first_s, shown_s), max(piece_in.last_s, time_s)
        newest = self._pieces[-1]
        if lane.piece < len(self._pieces) - 1 and pos < newest.pos:
            # Read later than the first packet of the new piece, it lies before it in the file.
            newest.ends_s[index] = (lane.piece, lane.end_s)

    def clock(self, start_time_s: float) -> StreamClock | None:
        if len(self._pieces) < 2:
            return None
        first_s = self._pieces[0].first_s
        entered = [
            {lane.index for lane in self._lanes.values() if number in {piece for _, piece in lane.places}}
            for number in range(len(self._pieces))
        ]
        offsets_s = [-start_time_s if abs(first_s - start_time_s) < _NEAR_S else -first_s]
        breaks = []
        for number, piece in enumerate(self._pieces[1:], start=1):
            # Damage is of one stream only, as a leap is that no other follows: it goes on where that stream was.
            alone = piece.is_stray or (piece.jump_s > 0 and entered[number] == {piece.begun_by})
            ends_s = [piece.ends_s[piece.begun_by]] if alone else piece.ends_s.values()
            origin_s = max(end_s + offsets_s[before] for before, end_s in ends_s)
            offsets_s.append(origin_s - piece.first_s)
            if not piece.is_stray:
                breaks.append(Break(origin_s, piece.jump_s))
        return StreamClock(
            {
                index: tuple((pos, offsets_s[piece]) for pos, piece in lane.places)
                for index, lane in self._lanes.items()
            },
            tuple(breaks),
        )

    def _break(self, lane: _Lane, time_s: float, shown_s: float, pos: int) -> None:
        """Take the stream into the piece that its time belongs to."""
        if lane.before is not None and lane.last_s - lane.entered_s < _STRAY_S:
            piece, last_s, end_s = lane.before
            if _runs_on(last_s, time_s, ()) and time_s < last_s + _NEAR_S:
                self._pieces[lane.piece].is_stray = True
                lane.piece, lane.end_s, lane.before, lane.entered_s = piece, end_s, None, time_s
                lane.places.append((pos, piece))
                return
        found = self._joined(lane.piece + 1, time_s, pos)
        if found is None and len(self._pieces) >= _MOST_PIECES:
            return
        piece = self._begun(lane.index, time_s, shown_s, time_s - lane.last_s, pos) if found is None else found
        self._pieces[piece].pos = min(self._pieces[piece].pos, pos)
        lane.before = (lane.piece, lane.last_s, lane.end_s)
        lane.piece, lane.end_s, lane.entered_s = piece, shown_s, time_s
        lane.places.append((pos, piece))

    def _joined(self, first: int, time_s: float, pos: int) -> int | None:
        """The piece, of those from ``first`` on, that another stream has begun and this time lies in."""
        for number in range(first, len(self._pieces)):
            piece = self._pieces[number]
            is_over = number + 1 < len(self._pieces) and pos >= self._pieces[number + 1].pos
            if not is_over and piece.first_s - _NEAR_S < time_s < piece.last_s + _NEAR_S:
                return number
        return None

    def _begun(self, index: int, time_s: float, shown_s: float, jump_s: float, pos: int) -> int:
        ends_s = {index: (lane.piece, lane.end_s) for index, lane in self._lanes.items()}
        jump_s -= _WRAP_S if self._goes_round and jump_s > _WRAP_S / 2 else 0.0
        self._pieces.append(_Piece(index, shown_s, time_s, pos, jump_s, ends_s))
        return len(self._pieces) - 1


def _kept(packet: "Packet[Stream]") -> "Packet[Stream]":
    """The same without the mark that nothing of it is to be shown, which cannot be taken off."""
    from av.packet import Packet

    kept: Packet[Stream] = Packet(bytes(packet))
    kept.pts, kept.dts, kept.duration, kept.time_base = packet.pts, packet.dts, packet.duration, packet.time_base
    kept.is_keyframe, kept.stream = packet.is_keyframe, packet.stream
    for side_data in packet.iter_sidedata():
        kept.set_sidedata(side_data)
    return kept


def _time_s(packet: "Packet[Stream]") -> float | None:
    ticks = packet.pts if packet.dts is None else packet.dts
    return None if ticks is None or not packet.size else ticks * float(packet.time_base)


def _runs_on(last_s: float, time_s: float, others_s: Iterable[float]) -> bool:
    """Whether a stream goes on from its last time; after a long pause of its own, where the others are by then."""
    if time_s <= last_s + LEAP_S:
        return time_s >= last_s - BACK_S
    return any(abs(time_s - other_s) < _NEAR_S for other_s in others_s)
