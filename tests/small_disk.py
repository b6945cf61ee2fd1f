"""Disks that are full when a test says so: a file system of a few megabytes where we may mount one, else a limit on the size of files.

Mounting needs root. The limit needs nothing, and is set on a running process from outside; a write past it fails as on a full
disk (EFBIG in place of ENOSPC).
"""

import os
import resource
import subprocess
from contextlib import contextmanager, suppress

HEADROOM_BYTES = 4096


class LimitedFiles:
    """No file of a process may grow past what its largest one has now.

    Args:
        process: called for it whenever the disk fills, since it may have been started anew.
    """

    def __init__(self, folder, process):
        self.folder, self._process = folder, process

    def fill(self):
        largest = max(file.stat().st_size for file in self.folder.iterdir())
        self._limit(largest // HEADROOM_BYTES * HEADROOM_BYTES)

    def free(self):
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size_bytes):
        _, hard = resource.prlimit(self._process().pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._process().pid, resource.RLIMIT_FSIZE, (size_bytes, hard))


class SmallDisk:
    """A file system of its own; a file takes what room is left."""

    def __init__(self, folder):
        self.folder, self._ballast = folder, folder / "ballast"

    def fill(self):
        page = bytes(os.statvfs(self.folder).f_frsize)
        file = os.open(self._ballast, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        with suppress(OSError):
            while os.write(file, page):
                pass
        os.close(file)

    def free(self):
        self._ballast.unlink()


@contextmanager
def mounted(folder, size_mb):
    """A small disk at a folder; None where we may not mount."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        yield None
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
