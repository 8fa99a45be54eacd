"""The PDF engine as a process that ends: with its time, and with all that it started."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path


class EngineError(Exception):
    """The engine gave no PDF; the message is for the log."""


class EngineTimeoutError(EngineError):
    """The engine did not end in its time, and was ended."""


def make_pdf(
    command: Sequence[str],
    bodies: Sequence[str],
    header: str,
    footer: str,
    timeout: float,
) -> bytes:
    """Return the PDF that wkhtmltopdf makes of pages.

    :param command: the program with its options
    :param bodies: HTML documents, one after the other
    :param header: HTML document with the headers of all of them; "" for none
    :param footer: likewise
    :param timeout: seconds that it may take
    :raise EngineError: if there is no PDF
    """
    with tempfile.TemporaryDirectory(prefix="contract-print-") as name:
        folder = Path(name)
        command = [*command]
        for option, text in (("--header-html", header), ("--footer-html", footer)):
            if text:
                command += [option, _write(folder, f"report{option}.html", text)]
        for number, body in enumerate(bodies):
            # The script of headers and footers takes the number out of the name.
            command.append(_write(folder, f"report.body.tmp.{number}.html", body))
        target = folder / "report.pdf"
        code, message = run([*command, str(target)], timeout)
        # 1 stands for warnings as well.
        if code not in (0, 1) or not target.exists() or not target.stat().st_size:
            raise EngineError(f"wkhtmltopdf ended with {code}: {message[-1000:]}")
        return target.read_bytes()


def run(command: Sequence[str], timeout: float) -> tuple[int, str]:
    """Run a program in a process group of its own, which does not outlive the call.

    >>> run(["sh", "-c", "echo sorry >&2; exit 3"], 10)
    (3, 'sorry\\n')

    :param timeout: seconds
    :return: exit code, and what the program wrote to the standard error
    :raise EngineTimeoutError: if it took longer
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            message = process.communicate(timeout=timeout)[1]
        except subprocess.TimeoutExpired as error:
            raise EngineTimeoutError(
                f"{command[0]} took longer than {timeout} s"
            ) from error
        finally:
            # Whatever came in between, the end of a worker's time included.
            _end_group(process)
        return process.returncode, message


def _end_group(process):
    if not hasattr(os, "killpg"):
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)
