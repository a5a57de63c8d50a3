# SPDX-License-Identifier: MIT
"""Every format that `acre profile -o` writes, by its rules."""
import json
import re
import subprocess
import unittest

from proflib import INUSE_OBJECTS, INUSE_SPACE, PLANT, TRUTH, TYPES, Case, Pprof

class OfPprof(Case):
    def setUp(self):
        super().setUp()
        self.state = self.plant()
        self.path = self.save(self.state, "x.pb.gz")
        self.pprof = Pprof(self.path)

    def test_rules_of_its_readers(self):
        p = self.pprof
        self.assertEqual(p.types, TYPES)
        self.assertEqual(p.units, ["count", "bytes", "count", "bytes"])
        self.assertEqual(p.default, "inuse_space")
        self.assertEqual(p.period_type, ("space", "bytes"))
        self.assertAlmostEqual(p.period, 65536, delta=65536 / 100, msg="by the weights, which are rounded")
        self.assertEqual(p.time_ns, (1700000000 + 60) * 10**9, "wall-clock time, when it was taken")
        self.assertEqual(p.duration_ns, 60 * 10**9)
        self.assertTrue(p.strings[p.mappings[0][5]].endswith("profilecmd-plant"))
        notes = subprocess.run(["readelf", "-n", PLANT], capture_output=True, text=True).stdout
        self.assertIn(p.strings[p.mappings[0][6]], notes, "the build id, in hex")
        self.assertEqual(len(p.strings[p.mappings[0][6]]), 40)
        for name in ("malloc", "calloc", "operator new(unsigned long)", "operator new[](unsigned long)"):
            self.assertTrue(re.fullmatch(p.drop, name), name)
        self.assertFalse(re.fullmatch(p.drop, "my_malloc_wrapper"))
        self.assertTrue(any("64.0 KiB" in line for line in p.comments))

    def test_values(self):
        leaves = self.pprof.by_leaf()
        self.assertEqual(set(leaves), set(TRUTH))
        self.assertEqual(sum(v[2] for v in leaves.values()), INUSE_OBJECTS, "the exact counters")
        self.assertEqual(sum(v[3] for v in leaves.values()), INUSE_SPACE)
        for name, truth in TRUTH.items():
            for got, wanted in zip(leaves[name], truth):
                self.assertAlmostEqual(got, wanted, delta=0.25 * wanted + 1, msg=f"{name}: {leaves[name]}")

    def test_addresses_lie_in_the_calls(self):
        """What addr2line says of the addresses, as they are, is what the file says."""
        p = self.pprof
        mapping = p.mappings[0]
        code = subprocess.run(["objdump", "-d", PLANT], capture_output=True, text=True).stdout
        behind_calls = {int(at, 16) for at in re.findall(r"\t(?:call|blr?) .*\n *([0-9a-f]+):", code)}
        for location, lines in p.locations.values():
            if location.get(2) == 1:
                self.assertIn(location[3] + 1 - mapping[2] + mapping[4], behind_calls)
            if location.get(2) != 1 or p.strings[p.functions[lines[0][1]][2]] == "_start":
                continue
            place = location[3] - mapping[2] + mapping[4]
            command = ["addr2line", "-e", PLANT, f"{place:#x}"]
            said = subprocess.run(command, capture_output=True, text=True).stdout.split()[0]
            self.assertEqual(int(said.rsplit(":", 1)[1]), lines[0].get(2, 0), said)

    def test_inlined(self):
        stacks = [self.pprof.names(ids) for ids, _ in self.pprof.samples]
        stack = next(s for s in stacks if s[0] == "grow_buffer")
        self.assertEqual(stack[:3], ["grow_buffer", "load_file", "main"])
        location = next(ls for _, ls in self.pprof.locations.values() if len(ls) == 2)
        self.assertEqual(len(location), 2, "one location, two lines, the outermost last")

    def test_peak_comes_before_what_is_in_use(self):
        p = Pprof(self.save(self.state, "peak.pb.gz", "--peak"))
        self.assertEqual(p.types, TYPES[:2] + ["peak_objects", "peak_space"] + TYPES[2:])
        self.assertEqual(p.default, "peak_space")
        p = Pprof(self.save(self.state, "waste.pb.gz", "--waste"))
        self.assertEqual(p.types, TYPES[:2] + ["waste_space"] + TYPES[2:])


class OfOthers(Case):
    def test_folded(self):
        lines = self.save(self.plant(), "x.folded").read_text().splitlines()
        stacks = {}
        for line in lines:
            stack, number = re.fullmatch(r"(.*) (\d+)", line).groups()
            stacks[stack.split(";")[-1]] = (stack.split(";"), int(number))
        self.assertEqual(sum(n for _, n in stacks.values()), INUSE_SPACE)
        self.assertEqual(stacks["parse_request"][0][-3:], ["main", "handle_connection", "parse_request"])
        self.assertEqual(stacks["grow_buffer"][0][-2:], ["load_file", "grow_buffer"])
        self.assertNotIn("format_line", stacks, "nothing of it is in use")

    def test_speedscope(self):
        data = json.loads(self.save(self.plant(), "x.json", "--alloc").read_text())
        self.assertEqual(data["$schema"], "https://www.speedscope.app/file-format-schema.json")
        names = [p["name"] for p in data["profiles"]]
        self.assertEqual(names[data["activeProfileIndex"]], "alloc_space")
        frames = data["shared"]["frames"]
        for p in data["profiles"]:
            self.assertEqual((p["type"], len(p["samples"]), sum(p["weights"])), ("sampled", len(p["weights"]), p["endValue"]))
            self.assertEqual(p["unit"], "bytes" if "space" in p["name"] else "none")
        inuse = data["profiles"][names.index("inuse_space")]
        self.assertEqual(sum(inuse["weights"]), INUSE_SPACE)
        stacks = [[frames[i]["name"] for i in stack] for stack in inuse["samples"]]
        self.assertTrue(any(s[-2:] == ["handle_connection", "parse_request"] for s in stacks), stacks)

    def test_refusals(self):
        state = self.plant()
        self.refused("profile", "--state", state, "-o", self.folder / "x.jpeg", says=[".pb.gz", "--format"])
        self.refused("profile", "--state", state, "--format", "pprov", says=["did you mean 'pprof'"])
        self.refused("profile", "--state", state, "-o", "/nowhere/x.pb.gz", status=3, says=["No such file"])
        self.refused("profile", "--state", self.plant("never"), status=3, says=["never on", "ACRE_CONF=profile=1"])
        self.refused("profile", "--state", "/dev/null", status=3, says=["empty"])
        self.refused("profile", says=["one of PID"])
        self.refused("profile", "1", "--rate", "much", says=["64K"])
        self.refused("profile", "1", "-d", "soon", says=["30s"])


if __name__ == "__main__":
    unittest.main()
