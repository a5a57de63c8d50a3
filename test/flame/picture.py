#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The flame graph as SVG: well-formed, to scale, with the names as they are."""
import unittest
import xml.etree.ElementTree as ElementTree

from flamelib import HOSTILE, KNOWN, Case

SVG = "{http://www.w3.org/2000/svg}"


class Picture(Case):
    def frames(self, path):
        """{name: [attributes of its rectangle, its title]} of all frames, the last of a name."""
        found = {}
        for group in ElementTree.parse(path).getroot().iter(SVG + "g"):
            title = group.find(SVG + "title").text
            found[title.split("\n")[0]] = (group.find(SVG + "rect").attrib, title)
        return found

    def test_it_is_to_scale(self):
        frames = self.frames(self.convert(self.folded(KNOWN), ".svg"))
        width = {name: float(rect["width"]) for name, (rect, _) in frames.items()}
        self.assertAlmostEqual(width["serve"] / width["all"], 0.6, delta=0.01)
        self.assertAlmostEqual(width["cache_put"] / width["all"], 0.2, delta=0.01)
        self.assertLess(float(frames["serve"][0]["y"]), float(frames["main"][0]["y"]), "callers are below")
        self.assertIn("60.0 MiB, 60.0 %", frames["serve"][1])
        self.assertIn(HOSTILE, frames)

    def test_it_has_no_script(self):
        path = self.convert(self.folded(KNOWN), ".svg")
        self.assertEqual(list(ElementTree.parse(path).getroot().iter(SVG + "script")), [])

    def test_it_says_its_errors(self):
        frames = self.frames(self.convert(self.plant(), ".svg"))
        self.assertRegex(frames["cache_insert"][1], r"MiB \u00b1 [\d.]+ [KM]iB")

    def test_difference(self):
        frames = self.frames(self.diff(".svg"))
        self.assertIn("+40.0 MiB (20.0 MiB before, 60.0 MiB after)", frames["cache_put"][1])
        colours = {
            name: [int(rect["fill"][i : i + 2], 16) for i in (1, 3, 5)] for name, (rect, _) in frames.items()
        }
        self.assertGreater(colours["cache_put"][0], colours["cache_put"][2], "what grew is red")
        self.assertGreater(colours["parse"][2], colours["parse"][0], "what is gone is blue")


if __name__ == "__main__":
    unittest.main(verbosity=2)
