import logging
import stat
from pathlib import Path

from mahavishnu_tui.server.logs import ROOT, close_log, open_log, tail


def test_a_message_is_one_clean_line_in_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "server.log"
    handler = open_log(path, "INFO")
    log = logging.getLogger(ROOT + ".test")
    try:
        log.info("run %s ended", "x\nfake line\x1b[31m")
        log.debug("not this")
    finally:
        close_log(handler)
    log.info("nor this")
    text = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert text.count("\n") == 1
    assert " server.test: run x⏎fake line\N{REPLACEMENT CHARACTER}[31m ended" in text


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo \x1b[2J\n\xff three\n")
    assert tail(path, 2).lines == ["two \N{REPLACEMENT CHARACTER}[2J", "\N{REPLACEMENT CHARACTER} three"]
    assert len(tail(path, 100).lines) == 3
    assert tail(path, 1).end == path.stat().st_size
    assert tail(path, 0).lines == []
    assert tail(tmp_path / "none", 5) == ([], 0)


def test_the_tail_of_a_huge_log_reads_only_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * 99 + b"\n" + b"y\n" * 3_000_000)
    assert tail(path, 3).lines == ["y", "y", "y"]
