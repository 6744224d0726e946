"""Which streams of a transport stream belong together: its programs, as its own tables list them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import BinaryIO

_PACKET = 188
LAYOUTS = ((188, 0), (192, 4), (204, 0))
"""Bytes from packet to packet, and before the sync byte: plain, with a time code (M2TS), with parity."""
SYNC = 0x47
_IN_A_ROW = 5
_SEARCHED_BYTES = 4_000_000
"""Tables come ten times a second; so much holds half a second of the fastest broadcast."""
_PAT_PID, _PAT_TABLE, _PMT_TABLE, _STUFFING = 0, 0x00, 0x02, 0xFF
_CHECKSUM_BYTES = 4


def programs_of(file: BinaryIO) -> Mapping[int, frozenset[int]]:
    """The numbers of the programs that each packet id belongs to; empty for what has no such tables."""
    data = file.read(_SEARCHED_BYTES)
    tables: dict[int, int] = {}
    belongs: defaultdict[int, set[int]] = defaultdict(set)
    for pid, section in _sections(data, tables):
        if pid == _PAT_PID and section[0] == _PAT_TABLE:
            for entry in range(8, len(section) - _CHECKSUM_BYTES - 3, 4):
                number = int.from_bytes(section[entry : entry + 2])
                if number:
                    tables[_pid(section, entry + 2)] = number
        elif pid in tables and section[0] == _PMT_TABLE:
            for stream_pid in _streams(section):
                belongs[stream_pid].add(tables[pid])
    return {pid: frozenset(numbers) for pid, numbers in belongs.items()}


def _streams(table: bytes) -> Iterator[int]:
    entry = 12 + (int.from_bytes(table[10:12]) & 0x0FFF)
    while entry + 5 <= len(table) - _CHECKSUM_BYTES:
        yield _pid(table, entry + 1)
        entry += 5 + (int.from_bytes(table[entry + 3 : entry + 5]) & 0x0FFF)


def _sections(data: bytes, tables: Mapping[int, int]) -> Iterator[tuple[int, bytes]]:
    """Whole sections of the list of programs and of those it names (``tables`` may grow meanwhile)."""
    begun: dict[int, bytes] = {}
    for packet in _packets(data):
        pid = _pid(packet, 1)
        if pid != _PAT_PID and pid not in tables:
            continue
        has_adaptation, has_payload = packet[3] & 0x20, packet[3] & 0x10
        start = 4 + (1 + packet[4] if has_adaptation else 0)
        if not has_payload or start >= _PACKET:
            continue
        payload = packet[start:]
        if packet[1] & 0x40:
            begun[pid] = payload[1 + payload[0] :]
        elif pid in begun:
            begun[pid] += payload
        while len(rest := begun.get(pid, b"")) > 3 and rest[0] != _STUFFING:
            length = 3 + (int.from_bytes(rest[1:3]) & 0x0FFF)
            if len(rest) < length:
                break
            yield pid, rest[:length]
            begun[pid] = rest[length:]


def _packets(data: bytes) -> Iterator[bytes]:
    for step, offset in LAYOUTS:
        for first in range(offset, step + offset):
            syncs = data[first : first + _IN_A_ROW * step : step]
            if len(syncs) == _IN_A_ROW and set(syncs) == {SYNC}:
                for start in range(first, len(data) - _PACKET + 1, step):
                    if data[start] == SYNC:
                        yield data[start : start + _PACKET]
                return


def _pid(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2]) & 0x1FFF
