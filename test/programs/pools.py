# SPDX-License-Identifier: MIT
"""pools.py -- python3: threads that pass objects on, pools of forked and spawned processes, sqlite,
compression, ctypes."""
import bz2
import concurrent.futures
import ctypes
import hashlib
import lzma
import multiprocessing
import queue
import sqlite3
import threading
import zlib


def digest(number):
    table = {str(i): [i] * (i % 7) for i in range(number % 1000 + 500)}
    return hashlib.md5(repr(sorted(table.items())).encode()).hexdigest()


def pipeline():
    first, second = queue.Queue(50), queue.Queue(50)

    def double():
        while (item := first.get()) is not None:
            second.put([item] * 2 + [str(item) * 20])
        second.put(None)

    threads = [threading.Thread(target=double) for _ in range(3)]
    for thread in threads:
        thread.start()
    feeder = threading.Thread(
        target=lambda: [first.put(i) for i in range(3000)] + [first.put(None) for _ in threads]
    )
    feeder.start()
    total, ended = 0, 0
    while ended < len(threads):
        item = second.get()
        ended += item is None
        total += len(item[2]) + item[0] if item else 0
    for thread in [*threads, feeder]:
        thread.join()
    return total


def database():
    with sqlite3.connect(":memory:") as base:
        base.execute("create table t(a integer primary key, b text, c blob)")
        base.executemany(
            "insert into t values(?, ?, ?)", ((i, "row %d" % i, bytes(i % 300)) for i in range(5000))
        )
        base.create_function("twice", 1, lambda text: text * 2)
        return base.execute(
            "select count(*), sum(length(twice(b))), sum(length(c)) from t where a % 3"
        ).fetchone()


def packed():
    data = b"".join(b"%d:%d;" % (i, i * i) for i in range(20000))
    sizes = [len(zlib.compress(data, 9)), len(bz2.compress(data)), len(lzma.compress(data, preset=2))]
    return sizes, lzma.decompress(lzma.compress(data)) == data


def blocks():
    libc = ctypes.CDLL(None)
    libc.malloc.restype = libc.realloc.restype = ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    libc.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    held = [libc.malloc(ctypes.c_size_t(i * 37 + 1)) for i in range(2000)]
    held = [libc.realloc(block, i * 11 + 5) for i, block in enumerate(held)]
    for block in held[::2] + held[1::2]:
        libc.free(block)
    return all(held)


def main():
    print("pipeline", pipeline())
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        print("threads", hashlib.md5("".join(pool.map(digest, range(200))).encode()).hexdigest())
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, hashlib.md5("".join(pool.map(digest, range(60))).encode()).hexdigest())
    print("database", database())
    print("packed", packed())
    print("blocks", blocks())


if __name__ == "__main__":
    main()
