# SPDX-License-Identifier: MIT
"""Programs whose leaks are known: each is found, with the right blocks, bytes and callers, and nothing else is."""
import unittest

from leakslib import leaks, report, seeded

# What each loses: kind, function that allocated it, bytes, objects; and who called for it.
TRUTH = {
    "session_table": ([("direct", "session_new", 40 * 200, 40), ("indirect", "session_new", 40 * 32, 40)], "login"),
    "parser_error": ([("direct", "parse", 25 * 48, 25), ("indirect", "node_new", 75 * 24, 75)], "main"),
    "ring": ([("direct", "object_new", 8 * 64, 8), ("indirect", "object_new", 32 * 64, 32)], "make_ring"),
    "raw_vector": ([("direct", "shapes::make_shape(int)", 30 * 72, 30), ("indirect", "shapes::Shape", 30 * 64, 30)],
                   "shapes::draw(int)"),
    "lost_requests": ([("direct", "begin_request", 64 * 320, 64)], "serve"),
}


def by_kind(found, kind):
    return [leak for leak in found["leaks"] if leak["kind"] == kind]


class Seeded(unittest.TestCase):
    def check(self, name):
        truth, caller = TRUTH[name]
        found = report("--exact", "--", seeded(name))
        self.assertTrue(found["exact"])
        self.assertEqual(found["found"], {"bytes": sum(t[2] for t in truth), "objects": sum(t[3] for t in truth)})
        for kind, function, size, objects in truth:
            rows = by_kind(found, kind)
            self.assertEqual((sum(r["bytes"] for r in rows), sum(r["objects"] for r in rows)), (size, objects), rows)
            for row in rows:
                names = [frame["name"] for frame in row["stack"]]
                self.assertTrue(any(n.startswith(function) for n in names[:6]), names)
                self.assertIn(caller, names)
        self.assertEqual({leak["kind"] for leak in found["leaks"]}, {t[0] for t in truth})
        self.assertEqual(found["direct_without_stack"], {"bytes": 0, "objects": 0})
        self.assertEqual(found["dropped_blocks"] + found["dropped_stacks"], 0)

    def test_sampled_totals_are_exact(self):
        """Without --exact the blocks are all found; where most came from is not known."""
        found = report("--", seeded("session_table"))
        self.assertFalse(found["exact"])
        lost = [leak["objects"] for leak in found["leaks"]]
        without = found["direct_without_stack"]["objects"] + found["indirect_without_stack"]["objects"]
        self.assertGreaterEqual(without + sum(lost), 80)
        self.assertTrue(lost or without == 80, found)

    def test_hidden(self):
        """Pointers in odd places lead to blocks too: none of these is lost."""
        done = leaks("--exact", "--", seeded("hidden"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("acre: no leaks", done.stderr)


for program in TRUTH:
    setattr(Seeded, f"test_{program}", lambda self, name=program: self.check(name))

if __name__ == "__main__":
    unittest.main(verbosity=2)
