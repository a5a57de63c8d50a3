# SPDX-License-Identifier: MIT
"""The HTML report of `acre compare`: one file that needs nothing else, opened and measured in a browser."""
import json
import re
import shutil
import subprocess
import sys
import unittest

from comparing import WASTEFUL, WORK, Case, compare

RUNS = 6
HOSTILE = "<script>document.title = 'hurt'</script>&\"'"

# Put behind a copy of the page: what a reader would see, as JSON in an element of its own.
PROBE = """<pre id="probe"></pre><script>
const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
const outside = [];
for (const svg of document.querySelectorAll('svg')) {
    const s = box(svg);
    for (const e of svg.querySelectorAll('text, circle, path')) {
        const b = box(e);
        if (b[0] < s[0] - 1 || b[1] < s[1] - 1 || b[2] > s[2] + 1 || b[3] > s[3] + 1)
            outside.push(e.outerHTML);
    }
}
const lines = [...document.querySelectorAll('.line')].map(e => e.getTotalLength());
document.getElementById('probe').textContent = JSON.stringify({
    title: document.title, outside, lines,
    charts: [...document.querySelectorAll('figure')].map(f => [
        f.querySelector('figcaption').textContent, f.querySelectorAll('circle').length,
        box(f)[2] - box(f)[0]]),
    dots: [...document.querySelectorAll('circle')].filter(e => box(e)[2] > box(e)[0]).length,
    colours: new Set([...document.querySelectorAll('circle')].map(e => getComputedStyle(e).fill)).size,
    ratios: [...document.querySelectorAll('#ratios tbody tr')].map(r => [...r.cells].map(c => c.textContent)),
    medians: [...document.querySelectorAll('#medians tbody th')].map(c => c.textContent),
    scripts: document.scripts.length,
    resources: performance.getEntriesByType('resource').map(e => e.name),
    wide: document.documentElement.scrollWidth - innerWidth,
});
</script>"""


class Report(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")

    def make(self, *program):
        path = str(self.folder / "report.html")
        done = compare(
            "-n",
            str(RUNS),
            "--with",
            f"waste={WASTEFUL}",
            "--allocators",
            "glibc,waste,acre",
            "--html",
            path,
            "--",
            *program,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(path, encoding="utf-8") as file:
            return file.read()

    def look(self, page, width):
        if not self.browser:
            print("SKIPPED: no chromium, so the report was NOT opened in a browser", flush=True)
            self.skipTest("chromium is not installed")
        path = self.file("probed.html", page.replace("</body>", PROBE + "</body>"), 0o644)
        done = subprocess.run(
            [
                self.browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                f"--window-size={width},1200",
                f"--user-data-dir={self.folder}/profile",
                "--dump-dom",
                "file://" + path,
            ],
            capture_output=True,
            text=True,
            timeout=90,
        )
        found = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.S)
        self.assertTrue(found, done.stderr[-2000:])
        text = found.group(1)
        for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
            text = text.replace(entity, char)
        return json.loads(text)

    def test_the_page_in_a_browser(self):
        page = self.make("sh", "-c", f'{WORK} 0 32 30; : "$0"', HOSTILE)
        for width in (500, 1500):
            seen = self.look(page, width)
            self.assertEqual(seen["outside"], [])
            self.assertTrue(seen["title"].startswith("acre compare: sh -c "), seen["title"])
            self.assertIn(HOSTILE, seen["title"])
            self.assertEqual((seen["scripts"], seen["resources"]), (1, []))
            self.assertLessEqual(seen["wide"], 0)
            names = [name for name, _, _ in seen["charts"]]
            for expected in ("wall time, s", "peak memory, MiB", "memory over time, MiB s", "page faults"):
                self.assertIn(expected, names)
            for name, ndots, chart_width in seen["charts"]:
                self.assertEqual(ndots, 0 if name.startswith("resident memory") else 3 * RUNS, name)
                self.assertGreater(chart_width, 300)
            self.assertEqual(seen["dots"], (len(names) - 1) * 3 * RUNS)
            self.assertEqual(seen["colours"], 3)
            self.assertEqual((len(seen["lines"]), min(seen["lines"]) > 50), (3, True))
            self.assertEqual(seen["medians"], ["glibc", "waste", "acre"])
            self.assertEqual([row[0] for row in seen["ratios"]], ["waste", "acre"])
            self.assertRegex(seen["ratios"][0][3], r"^(1\.9|2\.0)\d \+ ")

    def test_the_file_stands_alone(self):
        page = self.make(WORK, "0", "4", "1")
        self.assertFalse(re.search(r"https?:|<script|<link|\bsrc=|@import|url\(", page))
        self.assertLess(len(page), 200000)


if __name__ == "__main__":
    done = unittest.main(exit=False).result
    # The browser is what this is for: without it, ctest shall say that it was skipped.
    sys.exit(1 if not done.wasSuccessful() else 77 if done.skipped else 0)
