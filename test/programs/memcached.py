# SPDX-License-Identifier: MIT
"""memcached.py -- puts a bounded load on a memcached: memcached.py [PREFIX...] memcached. Prints what its
clients were answered."""
import hashlib
import os
import socket
import sys

import server

CLIENTS, STEPS = 6, 4000


def value_of(client, step):
    return (b"%d-%d;" % (client, step)) * (step % 200 + 1)


class Client:
    """The text protocol, as much of it as is used."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rb")

    def ask(self, line, data=None):
        self.socket.sendall(line.encode() + b"\r\n" + (data + b"\r\n" if data is not None else b""))
        return self.file.readline().strip()

    def get(self, key):
        first = self.ask("get " + key)
        if first == b"END":
            return None
        size = int(first.split()[-1])
        data = self.file.read(size + 2)[:size]
        if self.file.readline().strip() != b"END":
            raise ValueError("broken answer for " + key)
        return data


def client(path, number):
    """Each client has keys of its own, so what it is answered does not depend on the others."""
    connection, found = Client(path), hashlib.sha256()
    for step in range(STEPS):
        key = "key:%d:%d" % (number, step * 31 % 700)
        kind = step % 8
        if kind < 4:
            value = value_of(number, step)
            found.update(connection.ask("set %s 0 0 %d" % (key, len(value)), value))
        elif kind == 4:
            found.update(connection.ask("append %s 0 0 4" % key, b"tail"))
        elif kind == 5:
            found.update(connection.ask("delete " + key))
        else:
            found.update(connection.get(key) or b"none")
    return found.hexdigest()


def main():
    command = sys.argv[1:] + [
        "-a",
        "0700",
        "-t",
        "4",
        "-m",
        "256",
        "-u",
        "root" if os.getuid() == 0 else str(os.getuid()),
    ]
    with server.folder() as folder:
        path = os.path.join(folder, "socket")
        with server.running(command + ["-s", path], path):
            print("answers", server.in_threads(CLIENTS, lambda number: client(path, number)))
            print("again", server.in_threads(CLIENTS, lambda number: client(path, number)))
            print(Client(path).ask("flush_all").decode())


if __name__ == "__main__":
    main()
