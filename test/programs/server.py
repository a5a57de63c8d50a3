# SPDX-License-Identifier: MIT
"""server.py -- starts a server that listens on a socket file in a folder of its own, waits until it answers,
ends it; for the tests here."""
import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

READY_S = 15


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="acre-server-")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def wait_for(path, process):
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
            probe.connect(path)
            return
        time.sleep(0.02)
    raise SystemExit(
        "the server did not answer on %s within %d s (status %s)" % (path, READY_S, process.poll())
    )


@contextlib.contextmanager
def running(command, path, end=signal.SIGTERM):
    """The server is there inside the block; afterwards it must end by itself, and with status 0."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a test that is stopped must not leave it behind
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True)
    try:
        wait_for(path, process)
        yield process
        process.send_signal(end)
        status = process.wait(timeout=READY_S)
        if status != 0:
            raise SystemExit("the server ended with status %d" % status)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def in_threads(count, work):
    """work(number) in so many threads; one digest of what they returned."""
    results, errors = [None] * count, []

    def one(number):
        try:
            results[number] = work(number)
        except Exception as error:  # a thread's failure must fail the test
            errors.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise SystemExit("a client failed: %r" % errors[0])
    return hashlib.sha256(repr(results).encode()).hexdigest()
