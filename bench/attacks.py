"""The hostile clients of `hostile_clients.py`, in a process of their own.

    python bench/attacks.py --port 8321 --seconds 60 --video ID

Each of a fixed number of clients does one thing over and over. Prints, as JSON, how often each kind was answered with
which status; `closed` is a connection that the server ended without a word.
"""

import argparse
import asyncio
import io
import itertools
import json
import os
import struct
import time
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from PIL import Image

PATIENCE_S = 60.0
PAUSE_S = 0.05
"""Between two tries of one client: what is measured is what requests cost, not how many connections fit in a second."""
ADDRESSES = ("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5")
"""Any address in 127.0.0.0/8 is this machine, where that is Linux."""
SIDE_PX = 8000
BOUNDARY = "hostile"
_turn = itertools.count()


@dataclass
class Target:
    """The server, and what was counted of its answers."""

    port: int
    until_s: float
    video: str
    answers: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.until_s

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection from the next of the hostile addresses; the honest client has another."""
        address = ADDRESSES[next(_turn) % len(ADDRESSES)]
        return await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0))


Attack = Callable[[Target], Awaitable[str]]
"""One try, until it is answered, given up or the time is over; what came of it."""


async def _status(reader: asyncio.StreamReader) -> str:
    async with asyncio.timeout(PATIENCE_S):
        said = await reader.read(65536)
    return said[9:12].decode("latin-1") if said.startswith(b"HTTP/1.1") else "closed"


async def _asked(target: Target, request: bytes) -> str:
    """The status that a whole request is answered with; the rest of the answer is read and thrown away."""
    reader, writer = await target.open()
    try:
        writer.write(request)
        with suppress(ConnectionError):
            await writer.drain()
        status = await _status(reader)
        async with asyncio.timeout(PATIENCE_S):
            while await reader.read(1 << 20):
                pass
        return status
    finally:
        writer.close()


def _post(path: str, body: bytes, kind: str = "application/json", more: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {kind}\r\n{more}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _json(path: str, value: object) -> bytes:
    return _post(path, json.dumps(value).encode())


async def _dripped(target: Target, head: bytes, drop: bytes, every_s: float) -> str:
    """What becomes of a request that goes on a drop at a time, without end."""
    reader, writer = await target.open()
    try:
        writer.write(head)
        answer = asyncio.ensure_future(reader.read(65536))
        while not target.is_over:
            with suppress(ConnectionError):
                writer.write(drop)
                await writer.drain()
            done, _ = await asyncio.wait((answer,), timeout=every_s)
            if done:
                with suppress(ConnectionError):
                    return answer.result()[9:12].decode("latin-1") or "closed"
                return "closed"
        answer.cancel()
        return "held"
    finally:
        writer.close()


async def endless_headers(target: Target) -> str:
    return await _dripped(target, b"GET /healthz HTTP/1.1\r\nX-Endless: ", bytes(b"a" * 65536), 0.0)


async def slow_headers(target: Target) -> str:
    return await _dripped(target, b"GET /v1/videos HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"a", 2.0)


async def slow_bodies(target: Target) -> str:
    return await _dripped(
        target, b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n", b" ", 2.0
    )


async def big_bodies(target: Target) -> str:
    """A body in chunks that says nowhere how long it is."""
    head = b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    return await _dripped(target, head, b"40000\r\n" + b" " * 0x40000 + b"\r\n", 0.0)


_fresh = itertools.count()


async def exclusions(target: Target) -> str:
    """The most that is allowed, of words that nobody asked before."""
    words = [f"kettle {next(_fresh)}" for _ in range(20)]
    return await _asked(target, _json("/v1/search", {"query": {"text": f"a dog {next(_fresh)}", "not": words}}))


async def too_many_exclusions(target: Target) -> str:
    words = [f"kettle {next(_fresh)}" for _ in range(1000)]
    return await _asked(target, _json("/v1/search", {"query": {"text": "a dog", "not": words}}))


async def globs(target: Target) -> str:
    """In turn: the worst of the length that is allowed, and far longer ones."""
    worst = ("*a" * 250 + "b", "[" * 20_000, "*a" * 400_000)[next(_fresh) % 3]
    return await _asked(target, _json("/v1/search", {"query": {"text": "a dog"}, "filter": {"path": {"glob": worst}}}))


def _bombs() -> tuple[bytes, ...]:
    """Pictures that take little to send and much to read."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", SIDE_PX, SIDE_PX, 8, 6, 0, 0, 0)
    rows = zlib.compress(bytes((4 * SIDE_PX + 1) * SIDE_PX), 9)
    avif = io.BytesIO()
    Image.new("RGB", (SIDE_PX // 2, SIDE_PX // 2)).save(avif, "AVIF", speed=10)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return png, avif.getvalue()


async def picture_bombs(target: Target, bombs: tuple[bytes, ...]) -> str:
    bomb = bombs[next(_fresh) % len(bombs)]
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'.encode()
    body = part + bomb + f"\r\n--{BOUNDARY}--\r\n".encode()
    return await _asked(target, _post("/v1/search/image", body, f"multipart/form-data; boundary={BOUNDARY}"))


async def exports(target: Target) -> str:
    moments = [{"video_id": target.video, "start_s": 1 + next(_fresh) % 5, "end_s": 20}] * 8
    return await _asked(target, _json("/v1/exports", {"format": "reel", "moments": moments}))


async def open_uploads(target: Target) -> str:
    """Ten megabytes announced, a thousand bytes sent, then left."""
    more = "Tus-Resumable: 1.0.0\r\nUpload-Length: 10000000\r\n"
    reader, writer = await target.open()
    try:
        writer.write(f"POST /v1/uploads HTTP/1.1\r\nHost: localhost\r\n{more}Content-Length: 0\r\n\r\n".encode())
        async with asyncio.timeout(PATIENCE_S):
            said = (await reader.read(65536)).decode("latin-1")
        where = next((line.split(":", 1)[1] for line in said.split("\r\n") if line.startswith("location:")), None)
        if where is not None:
            type_ = "Content-Type: application/offset+octet-stream\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
            head = f"PATCH {where.strip()} HTTP/1.1\r\nHost: localhost\r\n{type_}Content-Length: 10000000\r\n\r\n"
            writer.write(head.encode() + bytes(1000))
            await writer.drain()
            await asyncio.sleep(1.0)
        return said[9:12] or "closed"
    finally:
        writer.close()


async def dripping_reads(target: Target) -> str:
    """A video's file read a kilobyte a second."""
    reader, writer = await target.open()
    try:
        writer.write(f"GET /v1/videos/{target.video}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        status = "closed"
        while not target.is_over and (said := await reader.read(1024)):
            status = said[9:12].decode("latin-1") if said.startswith(b"HTTP") else status
            await asyncio.sleep(1.0)
        return status
    finally:
        writer.transport.abort()


def attacks() -> dict[str, tuple[int, Attack]]:
    """How many clients do what."""
    bombs = _bombs()
    return {
        "endless headers": (3, endless_headers),
        "slow headers": (100, slow_headers),
        "slow bodies": (20, slow_bodies),
        "big bodies": (3, big_bodies),
        "20 exclusions": (3, exclusions),
        "1000 exclusions": (1, too_many_exclusions),
        "globs": (2, globs),
        "picture bombs": (6, lambda target: picture_bombs(target, bombs)),
        "exports": (4, exports),
        "open uploads": (3, open_uploads),
        "dripping reads": (20, dripping_reads),
    }


async def _client(target: Target, kind: str, attack: Attack) -> None:
    counted = target.answers.setdefault(kind, Counter())
    while not target.is_over:
        try:
            async with asyncio.timeout(max(0.1, target.until_s - time.monotonic()) + 5.0):
                counted[await attack(target)] += 1
        except TimeoutError:
            counted["no answer"] += 1
        except ConnectionError:
            counted["closed"] += 1
        await asyncio.sleep(PAUSE_S)


async def _all_at_once(target: Target, chosen: dict[str, tuple[int, Attack]]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for kind, (clients, attack) in chosen.items():
            for _ in range(clients):
                tasks.create_task(_client(target, kind, attack))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--video", required=True)
    parser.add_argument("--only", action="append", help="one kind, by its name; again for more")
    options = parser.parse_args()
    # Clients have machines of their own; here they may not take the server's time by their mere presence.
    os.nice(19)
    chosen = {kind: how for kind, how in attacks().items() if not options.only or kind in options.only}
    print("ready", flush=True)
    input()
    target = Target(options.port, time.monotonic() + options.seconds, options.video)
    asyncio.run(_all_at_once(target, chosen))
    print(json.dumps(target.answers))


if __name__ == "__main__":
    main()
