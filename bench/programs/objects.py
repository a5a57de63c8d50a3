# SPDX-License-Identifier: MIT
"""objects.py -- python3: sources of its own library parsed to trees and walked, JSON there and back, regular
expressions, sorting.

Usage: objects.py PERCENT. Prints checksums. Run it with PYTHONMALLOC=malloc to send every object to malloc,
without to send those over 512 bytes and the pools of the small ones. With BENCH_IDLE_S=N in the environment
it then stays N seconds without doing anything."""
import ast
import hashlib
import importlib.util
import json
import os
import re
import sys
import time

MODULES = (
    "argparse",
    "ast",
    "datetime",
    "decimal",
    "inspect",
    "optparse",
    "pickle",
    "subprocess",
    "tarfile",
    "typing",
    "zipfile",
    "unittest.mock",
    "email.message",
    "logging.handlers",
    "http.client",
    "asyncio.events",
    "xml.dom.minidom",
    "difflib",
)


def source_of(module):
    name = importlib.util.find_spec(module).origin
    with open(name, encoding="utf-8") as file:
        return file.read()


def trees(texts):
    nodes = {}
    for text in texts:
        for node in ast.walk(ast.parse(text)):
            name = type(node).__name__
            nodes[name] = nodes.get(name, 0) + 1
    return sorted(nodes.items())


def records(count):
    made = [
        {
            "id": i,
            "name": "item-%d" % (i * 7919 % count),
            "tags": ["t%d" % (i % n) for n in (2, 3, 5, 7)],
            "price": i * 37 % 1000 / 8,
            "nested": {"a": [i] * (i % 5), "b": str(i) * (i % 4)},
        }
        for i in range(count)
    ]
    again = json.loads(json.dumps(made))
    again.sort(key=lambda record: (record["name"], record["id"]))
    return hashlib.sha256(json.dumps(again, sort_keys=True).encode()).hexdigest()


def words(texts):
    found = {}
    for text in texts:
        for word in re.findall(r"[A-Za-z_]\w*", text):
            found.setdefault(word.lower(), []).append(len(found))
    longest = sorted(found, key=lambda word: (-len(found[word]), word))[:20]
    return len(found), [(word, len(found[word])) for word in longest]


def main():
    percent = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    texts = [source_of(module) for module in MODULES[: max(2, len(MODULES) * percent // 100)]]
    print(trees(texts))
    print(words(texts))
    print(records(max(100, 120 * percent)), flush=True)
    time.sleep(int(os.environ.get("BENCH_IDLE_S", "0")))


if __name__ == "__main__":
    main()
