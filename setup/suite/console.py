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
from concurrent.futures import ThreadPoolExecutor, as_completed

HEARTBEAT = 20
# Of steps that take many minutes
LONG_HEARTBEAT = 60
# The programs that run now, and whether they were told to end.
_running = set()
_ending = threading.Event()


class SetupError(Exception):
    """A foreseeable failure: one sentence saying what is wrong and what to do."""


class EndedError(SetupError):
    """What another thread met made this one end, too."""


def say(text=""):
    # In one piece: several threads may have something to say.
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def warn(text):
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(title, status=None, heartbeat=HEARTBEAT):
    """Print one line when the step ends, and a sign of life while it is long.

    :param status: function without parameters that says how far the step is
    """
    start = time.monotonic()
    done = threading.Event()

    def beat():
        while not done.wait(heartbeat):
            far = f", {status()}" if status else ""
            say(f"   ... {title}: {time.monotonic() - start:.0f} s so far{far}")

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
        with running(
            command,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
        ) as process:
            process.communicate(stdin.encode() if stdin else None)
    with open(log, errors="replace") as file:
        file.seek(offset)
        return process.returncode, file.read()


@contextlib.contextmanager
def running(command, **options):
    """Start a program that ends with the block at the latest; yield its process."""
    _check_not_ending()
    try:
        # Its own session, so that Ctrl-C reaches it once, through stop().
        process = subprocess.Popen(
            [str(part) for part in command], start_new_session=True, **options
        )
    except FileNotFoundError:
        raise SetupError(
            f"The command {command[0]} is missing; install it and try again."
        ) from None
    _running.add(process)
    try:
        _check_not_ending()
        yield process
        _check_not_ending()
    finally:
        stop(process)
        _running.discard(process)


def _check_not_ending():
    if _ending.is_set():
        raise EndedError("The programs were told to end.")


def stop(process, patience=15):
    """Ask the process and its children to end; insist when they don't."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)


def side_by_side(*tasks):
    """Run functions in threads of their own; return their results in their order.

    Where one raises, or somebody interrupts, the programs of all of them end.
    """
    with ThreadPoolExecutor(len(tasks)) as threads:
        futures = [threads.submit(task) for task in tasks]
        problems = []
        try:
            for future in as_completed(futures):
                if future.exception():
                    problems.append(future.exception())
                    stop_all()
        except BaseException:
            stop_all()
            raise
    # The ones that were made to end say nothing of the cause.
    for problem in sorted(
        problems, key=lambda problem: isinstance(problem, EndedError)
    ):
        raise problem
    return [future.result() for future in futures]


def stop_all():
    """End all programs, and let no other one begin."""
    _ending.set()
    stoppers = [threading.Thread(target=stop, args=(each,)) for each in [*_running]]
    for thread in stoppers:
        thread.start()
    for thread in stoppers:
        thread.join()


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
