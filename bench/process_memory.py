"""What a process and its children hold in memory, looked at while they work. Linux."""

import threading
from pathlib import Path


class Memory(threading.Thread):
    """The most that a process and its children took at once, looked at twice a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.most_mb = 0.0
        self._pid = pid
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.5):
            self.most_mb = max(self.most_mb, memory_mb(self._pid))

    def end(self) -> float:
        self._over.set()
        self.join()
        return self.most_mb


def memory_mb(pid: int) -> float:
    """What a process and its descendants hold in memory, pages that they share counted once."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
        except OSError:
            continue
    taken_kb, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        waiting += parents.get(one, [])
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        taken_kb += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return taken_kb / 1024
