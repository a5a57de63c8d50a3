# SPDX-License-Identifier: MIT
"""nginx.py -- puts a bounded load on an nginx: nginx.py single|workers [PREFIX...] nginx. Prints what its
clients were answered.

Files, compressed ones, ranges, a proxy in front of itself, requests that end in errors.
"""
import hashlib
import http.client
import os
import signal
import socket
import sys

import server

CLIENTS, REQUESTS = 4, 500
SETTINGS = """
daemon off; {mode} {user} pid {folder}/pid; error_log {folder}/errors;
events {{ worker_connections 256; }}
http {{
    default_type text/plain; access_log off; keepalive_requests 100;
    gzip on; gzip_min_length 100; gzip_types text/plain;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;
    fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    server {{
        listen unix:{folder}/socket; root {folder}/files; etag off;
        location /proxy/ {{ proxy_pass http://unix:{folder}/behind:/; proxy_buffers 8 4k; }}
        location /moved {{ return 302 /file1; }}
    }}
    server {{ listen unix:{folder}/behind; root {folder}/files; etag off; }}
}}
"""


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def request_of(number):
    name = "file%d" % (number % 40)
    kinds = (
        ("/" + name, {}),
        ("/" + name, {"Accept-Encoding": "gzip"}),
        ("/proxy/" + name, {}),
        ("/" + name, {"Range": "bytes=10-99"}),
        ("/missing" + "x" * (number % 500), {}),
        ("/moved", {}),
        ("/proxy/" + name, {"Cookie": "c" * (number % 900)}),
    )
    return kinds[number % len(kinds)]


def client(path, number):
    found, connection = hashlib.sha256(), Connection(path)
    for step in range(REQUESTS):
        target, headers = request_of(number * REQUESTS + step)
        connection.request("GET", target, headers=headers)
        answer = connection.getresponse()
        found.update(b"%d" % answer.status + answer.read())
    connection.close()
    return found.hexdigest()


def main():
    mode, command = sys.argv[1], sys.argv[2:]
    modes = {"single": "master_process off;", "workers": "worker_processes 2;"}
    with server.folder() as folder:
        os.mkdir(os.path.join(folder, "files"))
        for i in range(40):
            with open(os.path.join(folder, "files", "file%d" % i), "w", encoding="ascii") as file:
                file.write("".join("%d:%d\n" % (n, n * i) for n in range(i * 120 + 50)))
        with open(os.path.join(folder, "settings"), "w", encoding="ascii") as file:
            file.write(
                SETTINGS.format(
                    folder=folder, mode=modes[mode], user="user root;" if os.getuid() == 0 else ""
                )
            )
        path = os.path.join(folder, "socket")
        with server.running(
            command + ["-c", os.path.join(folder, "settings"), "-p", folder], path, signal.SIGQUIT
        ):
            print(mode, server.in_threads(CLIENTS, lambda number: client(path, number)))


if __name__ == "__main__":
    main()
