"""Downloads of official files: verified, and resumed where they were interrupted."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from adabound_np.checks import known
from problems.files import replacing
from problems.learning.extras import optional
from problems.learning.sources import SOURCES, DataError, Download, Source, check, matches

__all__ = ["fetch"]

CHUNK = 1 << 16
TIMEOUT = 30
PARTIAL, TOO_FAR = 206, 416


def fetch(
    name: str, data: str | Path = "data", sources: Mapping[str, Source] | None = None
) -> list[Path]:
    """Download a data set's official files to ``data/name``, through pooch.

    What is there with the known checksum is not downloaded again; what is there without it is
    replaced. An interrupted download leaves a file that ends with ``.part``, and the next call
    resumes there. No file gets its name before its checksum is verified.

    Parameters
    ----------
    name : str
        One of `SOURCES`.
    data : str or Path
        The folder for all data sets.
    sources : mapping of str to Source
        Other files to choose from; `SOURCES` if not given.

    Returns
    -------
    list of Path
        The files, to be read from the folder ``data/name``.

    Raises
    ------
    ModuleNotFoundError
        If pooch is absent (the extra ``data`` installs it).
    ValueError
        If there is no such data set.
    DataError
        If what was downloaded has another checksum; it is not kept.
    OSError
        If a server can't be reached or refuses, or a file can't be written.
    """
    sources = SOURCES if sources is None else sources
    source = sources[known("data set", name, sources)]
    folder = Path(data) / name
    pooch = optional("pooch", "data", "fetching a data set")
    written: list[Path] = []
    for download in source.downloads:
        members = {member: folder / member for member in download.members}
        if not members or not all(matches(p, source.files[m]) for m, p in members.items()):
            path = retrieve(pooch, download, folder)
            if members:
                unpack(source, path, members)
        written += members.values() or [folder / download.name]
    return written


def retrieve(pooch: Any, download: Download, folder: Path) -> Path:
    """Download one file, if it is not there already."""
    part = folder / f"{download.name}.part"
    try:
        path = pooch.retrieve(
            download.url,
            download.checksum,
            fname=download.name,
            path=folder,
            downloader=Resuming(part),
        )
    except OSError:  # some of requests' are ValueErrors, too
        raise
    except ValueError as error:
        raise DataError(
            f"{download.url} must have the checksum {download.checksum}; what was downloaded has "
            f"another and was not kept ({error})"
        ) from None
    return Path(path)


class Resuming:
    """Downloads over HTTP for pooch; resumes where a former download of the file ended.

    Parameters
    ----------
    part : Path
        Where to collect the file until it is whole.
    """

    def __init__(self, part: Path) -> None:
        self.part = part

    def __call__(self, url: str, output_file: str, _pooch: Any) -> None:
        """Download `url` to `output_file`; on an interruption keep what has arrived."""
        requests = optional("requests", "data", "fetching a data set")
        start = self.part.stat().st_size if self.part.exists() else 0
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code != TOO_FAR:  # else it is whole, which the checksum will show
                response.raise_for_status()
                self.collect(response, start if response.status_code == PARTIAL else 0)
        self.part.replace(output_file)

    def collect(self, response: Any, start: int) -> None:
        """Append what the server sends after the first `start` bytes."""
        length = response.headers.get("Content-Length")
        total = None if length is None else start + int(length)
        with (
            self.part.open("ab" if start else "wb") as file,
            tqdm(
                total=total,
                initial=start,
                unit="B",
                unit_scale=True,
                desc=self.part.stem,
                leave=False,
                disable=None,
                delay=1,
            ) as bar,
        ):
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
            end = file.tell()
        if total is not None and end != total:
            raise ConnectionError(f"{response.url} ended after {end:,} of {total:,} bytes")


def unpack(source: Source, archive: Path, members: Mapping[str, Path]) -> None:
    """Take the members out of an archive, and nothing else, each verified before it is named."""
    try:
        with tarfile.open(archive) as tar:
            for member, path in members.items():
                file = tar.extractfile(member)
                if file is None:
                    raise DataError(f"{archive} must have the file {member}, got no regular file")
                content = file.read()
                check(source, member, path, content)
                path.parent.mkdir(parents=True, exist_ok=True)
                with replacing(path) as temporary:
                    temporary.write_bytes(content)
    except (tarfile.TarError, KeyError, EOFError, zlib.error) as error:
        raise DataError(
            f"{archive} must be an archive with {', '.join(members)}, "
            f"got one that is corrupt or lacks some ({error})"
        ) from None
