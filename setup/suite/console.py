"""What the user sees: steps with their time, and problems in one sentence."""

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time

HEARTBEAT = 20


class SetupError(Exception):
    """A foreseeable failure: one sentence saying what is wrong and what to do."""


def say(text=""):
    print(text, flush=True)


def warn(text):
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(title):
    """Print one line when the step ends, and a sign of life while it is long."""
    start = time.monotonic()
    done = threading.Event()

    def beat():
        while not done.wait(HEARTBEAT):
            say(f"   ... {title}: {time.monotonic() - start:.0f} s so far")

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        done.set()
        say(f"-- {title}: stopped after {time.monotonic() - start:.1f} s")
        raise
    done.set()
    say(f"-- {title}: {time.monotonic() - start:.1f} s")


def call(command, *, log, what, append=False, env=None, cwd=None, stdin=None):
    """Run `command` with its output in the file `log`; raise SetupError when it fails.

    :param what: names the action in the message, e.g. "installing PostgreSQL"
    :return: the output
    """
    code, output = attempt(
        command, log=log, append=append, env=env, cwd=cwd, stdin=stdin
    )
    if code:
        # An earlier command of the same log may hold the cause.
        raise SetupError(explain(what, log.read_text(errors="replace"), log))
    return output


def attempt(command, *, log, append=False, env=None, cwd=None, stdin=None):
    """Run `command` with its output in the file `log`; return (code, output)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab" if append else "wb") as file:
        offset = file.tell()
        try:
            # Its own session, so that Ctrl-C reaches it once, through stop().
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise SetupError(
                f"The command {command[0]} is missing; install it and try again."
            ) from None
        try:
            process.communicate(stdin.encode() if stdin else None)
        except BaseException:
            stop(process)
            raise
    with open(log, errors="replace") as file:
        file.seek(offset)
        return process.returncode, file.read()


def stop(process, patience=15):
    """Ask the process and its children to end; insist when they don't."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.wait(patience)
            return
        except subprocess.TimeoutExpired:
            continue


@contextlib.contextmanager
def exclusive(path):
    """Hold a lock file; wait for another command that holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step("waiting for another command of setup"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


NETWORK_SIGNS = (
    "Temporary failure resolving",
    "Temporary failure in name resolution",
    "Could not resolve",
    "Name or service not known",
    "NewConnectionError",
    "ConnectTimeoutError",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "Could not connect to",
    "Cannot initiate the connection",
    "Network is unreachable",
    "(from versions: none)",
)
DISK_SIGNS = ("No space left on device", "ENOSPC", "Disk quota exceeded")


def explain(what, output, log):
    """Say in one sentence why `what` failed, from what the command printed."""
    if any(sign in output for sign in DISK_SIGNS):
        return f"The disk is full (while {what}); free some space and try again."
    if any(sign in output for sign in NETWORK_SIGNS):
        return (
            f"The network doesn't answer (while {what}); check the connection or the "
            f"proxy settings and try again (details in {log})."
        )
    lines = [line for line in output.splitlines() if line.strip()]
    last = f", its last words being: {lines[-1].strip()[:200]}" if lines else ""
    return f"It failed while {what}; see {log}{last}"


def describe_os_error(error):
    """One sentence for an OSError that reached the top."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full; free some space and try again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT):
        return (
            f"{error.filename or 'A file'} can't be written; "
            "give yourself access to it or set CONTRACT_HOME to another folder."
        )
    return f"The system reports: {error}; put that right and try again."
