#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The page that acre writes for a heap profile, used in a browser as a reader uses it."""
import re
import subprocess
import sys
import tempfile
import unittest

import browser
from flamelib import COMMAND, HOSTILE, KNOWN, MIB, Case, many

# 50 000 stacks are to open in 2 s; a machine that is busy or slow gets four times as long.
OPEN_S = 2 * 4


def lacks_html():
    with tempfile.NamedTemporaryFile("w", suffix=".folded") as file:
        file.write("main 1\n")
        file.flush()
        done = subprocess.run(
            [COMMAND, "convert", file.name, "--format", "html"], capture_output=True, text=True, timeout=60
        )
    return "built without npm" in done.stderr


class Page(Case):
    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)

    def open(self, path, light="light"):
        seconds = self.browser.open(path, light)
        self.addCleanup(lambda: self.assertEqual(self.browser.complaints(), []))
        return seconds

    def known(self):
        return self.open(self.convert(self.folded(KNOWN), ".html"))

    def run_js(self, script):
        return self.browser.run(script)

    def text(self, element):
        return self.run_js(f"document.getElementById('{element}').textContent")

    def frames(self, graph=0):
        return self.run_js(f"acreFlame.graphs()[{graph}]")

    def frame(self, name, graph=0):
        found = [frame for frame in self.frames(graph) if frame["name"] == name]
        self.assertTrue(found, f"{name} is not drawn")
        return found[0]

    def share_of_width(self, name):
        frame = self.frame(name)
        return (frame["x1"] - frame["x0"]) / self.frame("all")["x1"]

    def middle(self, name, graph=0):
        frame = self.frame(name, graph)
        left, top = self.run_js(
            f"(b => [b.left, b.top])(document.querySelectorAll('canvas')[{graph}].getBoundingClientRect())"
        )
        return left + (frame["x0"] + frame["x1"]) / 2, top + frame["top"] + 10

    def pixel(self, name):
        x, y = self.middle(name)
        return self.run_js(
            f"(c => {{ const b = c.getBoundingClientRect(), copy = new OffscreenCanvas(1, 1).getContext('2d');"
            f"copy.drawImage(c, {x} - b.left, {y} - b.top + 7, 1, 1, 0, 0, 1, 1);"
            f"return [...copy.getImageData(0, 0, 1, 1).data].slice(0, 3) }})(document.querySelector('canvas'))"
        )

    def test_everything_is_drawn(self):
        self.known()
        self.assertEqual(self.text("title"), "Heap profile")
        self.assertIn("100.0 MiB", self.text("total"))
        self.assertAlmostEqual(self.share_of_width("serve"), 0.6, delta=0.01)
        self.assertAlmostEqual(self.share_of_width("cache_put"), 0.2, delta=0.01)
        self.assertGreater(self.frame("main")["top"], self.frame("serve")["top"], "callers are below")
        self.assertNotEqual(len(set(self.pixel("serve"))), 1, "the frame has a colour")
        rows = self.run_js("[...document.querySelectorAll('#table tbody tr')].map(r => r.innerText)")
        self.assertEqual(len(rows), 9)
        self.assertRegex(rows[0], r"^50\.0 MiB\s+50 %\s+50\.0 MiB\s+50 %\s+node_new")
        walk = next(row for row in rows if row.split()[-1] == "walk")
        self.assertEqual(re.findall(r"[\d.]+ MiB", walk), ["20.0 MiB"], "what calls itself counts once")

    def test_hostile_names_are_only_names(self):
        self.known()
        self.assertNotEqual(self.run_js("document.title"), "hurt")
        self.assertEqual(self.run_js("document.scripts.length"), 2)
        self.assertEqual(self.frame(HOSTILE)["value"], 10 * MIB)
        self.assertIn(HOSTILE, self.run_js("[...document.querySelectorAll('td.name')].map(c => c.title)"))

    def test_search_says_its_share(self):
        self.known()
        before = self.pixel("parse")
        self.browser.key("/")
        self.assertEqual(self.run_js("document.activeElement.id"), "search")
        self.browser.type("PARSE")
        self.assertEqual(self.text("matched"), "50 % \u00b7 50.0 MiB")
        self.assertEqual({f["name"] for f in self.frames() if f["matches"]}, {"parse"})
        self.assertNotEqual(self.pixel("parse"), before, "it is marked")
        self.run_js("void (search.value = 'walk', search.dispatchEvent(new Event('input')))")
        self.assertEqual(self.text("matched"), "20 % \u00b7 20.0 MiB", "each byte counts once")
        self.run_js("void (search.value = 'nowhere', search.dispatchEvent(new Event('input')))")
        self.assertEqual(self.text("matched"), "no match")
        self.browser.key("Escape")
        self.assertEqual(self.text("matched"), "")

    def test_zoom_and_back(self):
        self.known()
        self.browser.click(*self.middle("load"))
        self.assertAlmostEqual(self.share_of_width("load"), 1, delta=0.01)
        self.assertAlmostEqual(self.share_of_width("parse"), 1 / 3, delta=0.01)
        self.assertNotIn("cache_put", [frame["name"] for frame in self.frames()])
        self.assertIn("load", self.text("path"))
        self.browser.key("Escape")
        self.assertAlmostEqual(self.share_of_width("load"), 0.3, delta=0.01)
        self.browser.move(*self.middle("cache_put"))
        self.assertRegex(self.text("tip"), r"cache_put.*20\.0 MiB, 20 %")

    def test_keyboard(self):
        self.known()
        for key in ("ArrowUp", "ArrowUp", "ArrowUp", "ArrowRight"):
            self.browser.key(key)
        self.assertTrue(self.text("status").startswith("load"), self.text("status"))
        self.browser.key("ArrowLeft")
        self.browser.key("Enter")
        self.assertAlmostEqual(self.share_of_width("serve"), 1, delta=0.01)
        self.browser.key("Enter")
        self.assertAlmostEqual(self.share_of_width("serve"), 0.6, delta=0.01)
        self.browser.key("i")
        self.assertLess(self.frame("main")["top"], self.frame("serve")["top"], "an icicle hangs down")
        self.browser.key("?")
        self.assertTrue(self.run_js("keys.open"))
        listed = self.run_js("[...document.querySelectorAll('#keys dt')].map(t => t.textContent)")
        self.assertLessEqual({"/", "Enter", "Escape", "s", "t", "u", "i", "d"}, set(listed))

    def test_sandwich(self):
        self.known()
        self.run_js(
            "[...document.querySelectorAll('#table tbody tr')].find(r => /parse$/.test(r.innerText.trim())).click()"
        )
        callers = {frame["name"]: frame["value"] for frame in self.frames(0)}
        self.assertEqual(
            callers,
            {
                "parse": 50 * MIB,
                "serve": 40 * MIB,
                "load": 10 * MIB,
                "main": callers["main"],
                "all": callers["all"],
            },
        )
        self.assertEqual([(f["name"], f["value"]) for f in self.frames(1)], [("node_new", 50 * MIB)])
        self.browser.key("Escape")
        self.assertEqual(self.run_js("acreFlame.graphs().length"), 1)

    def test_light_and_dark(self):
        self.known()
        back = "getComputedStyle(document.body).backgroundColor"
        light = self.run_js(back)
        self.browser.key("d")
        self.assertNotEqual(self.run_js(back), light)
        self.open(self.folder / "out.html", "dark")
        self.assertNotEqual(self.run_js(back), light, "it follows the system")

    def test_values_and_errors(self):
        """Of samples; the exact totals are those of plant.c."""
        self.open(self.convert(self.plant(), ".html"))
        self.assertRegex(self.text("total"), r"[\d.]+ MiB \u00b1 [\d.]+ [KM]iB in use")
        total = self.text("total")
        self.browser.key("t")
        self.assertEqual(self.run_js("kind.value"), "alloc")
        self.assertNotEqual(self.text("total"), total)
        self.browser.key("u")
        self.assertRegex(self.text("total"), r"^3\d\d\u2009\d\d\d \u00b1 .* allocated$")
        self.run_js("void (kind.value = 'inuse', kind.dispatchEvent(new Event('change')))")
        self.assertRegex(self.text("total"), r"^212\u2009200")
        found = {}
        for row in self.run_js(
            "[...document.querySelectorAll('#table tbody tr')].map(r => [r.className, r.innerText])"
        ):
            found[row[1].split()[-2] if "." in row[1].split()[-1] else row[1].split()[-1]] = row[0]
        self.assertEqual(found.get("cache_insert"), "", "thousands of samples are enough")
        self.assertIn("under 10 samples", self.text("legend"))

    def test_difference(self):
        self.open(self.diff(".html"))
        self.assertRegex(self.text("total"), r"^\+35\.0 MiB \(100\.0 MiB \u2192 135\.0 MiB\)")
        red, _, blue = self.pixel("cache_put")
        self.assertGreater(red, blue + 20, "what grew is red")
        gone = min((frame for frame in self.frames() if frame["name"] == "parse"), key=lambda f: f["value"])
        self.assertEqual(gone["value"], -10 * MIB)
        red, _, blue = map(int, re.findall(r"\d+", gone["colour"]))
        self.assertGreater(blue, red + 20, "what is gone is blue")
        serve = self.pixel("all")
        self.assertLess(max(serve) - min(serve), 12)
        self.browser.key("w")
        self.assertAlmostEqual(self.share_of_width("cache_put"), 40 / 55, delta=0.01)

    def test_many_stacks_open_at_once(self):
        seconds = self.open(self.convert(self.folded(many(50000)), ".html"))
        drawn = len(self.frames())
        print(f"50000 stacks: drawn after {seconds:.2f} s, {drawn} frames", flush=True)
        self.assertGreater(drawn, 500)
        self.assertLess(seconds, OPEN_S)


if __name__ == "__main__":
    if lacks_html():
        print("SKIPPED: acre was built without npm, so it writes no HTML")
        sys.exit(77)
    if not browser.find():
        print("SKIPPED: no chromium, so the page was NOT opened in a browser")
        sys.exit(77)
    unittest.main(verbosity=2)
