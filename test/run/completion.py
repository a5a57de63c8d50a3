# SPDX-License-Identifier: MIT
"""The tables of cli/command.def, `acre help`, the manual's pages and the shells' completions agree; the shells
are asked themselves what they would offer."""
import os
import re
import shutil
import subprocess

from acrerun import COMMAND, SOURCE, Case, acre, main

TABLE = re.sub(r"/\*.*?\*/", "", (SOURCE / "cli/command.def").read_text(), flags=re.S)
COMMANDS = re.findall(r"^AC_COMMAND\((\w+),", TABLE, re.M)
OPTIONS = re.findall(r"^AC_OPTION\((\w+),", (SOURCE / "src/core/option.def").read_text(), re.M)


def flags():
    """(command, --flag, letter or "", what it takes) of every row."""
    rows = re.findall(r"^AC_FLAG\((\w+), (\w+), ('.'|0), \"(.*?)\"", TABLE, re.M)
    for command, name, letter, value in rows:
        yield command, "--" + name.replace("_", "-"), letter.strip("'0"), value


BASH = r"""
%(package)s
eval "$("$ACRE" completion bash)"
line=$1
COMP_LINE=$line COMP_POINT=${#line}
# Words as bash splits them: at spaces, and at `=`, which is a word of its own.
spaced=${line//=/ = }
read -ra COMP_WORDS <<<"$spaced"
[[ $spaced == *' ' ]] && COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_acre acre
printf '%%s\n' "${COMPREPLY[@]}"
"""
ZSH = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
function command() { zpty -w shell "$1" }
command "cd ${(q)PWD}; PS1=; PROMPT=; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D"
command 'eval "$($ACRE completion zsh)"'
# Every match that is added is printed between marks instead of being shown.
command 'function compadd {
    [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] && { builtin compadd "$@"; return }
    typeset -a __hits; builtin compadd -A __hits "$@"
    builtin compadd "$@"
    print -r -- "<${(j:|:)__hits}>"
}'
command 'bindkey "^I" complete-word; zstyle ":completion:*" list-prompt ""; unsetopt list_beep; print rea""dy'
zpty -r shell output '*ready*'
zpty -n -w shell "$1"$'\t'
sleep 0.1
zpty -n -w shell $'\C-u'
command 'print fini""shed'
output=; all=
while zpty -r shell output; do all+=$output; [[ $output == *finished* ]] && break; done
print -r -- "$all"
"""


class Table(Case):
    def test_no_flag_is_given_twice(self):
        for command in COMMANDS:
            words = [w for c, name, letter, _ in flags() if c == command for w in (name, letter) if w]
            self.assertEqual(len(words), len(set(words)), command)
            self.assertFalse({"--help", "h"} & set(words), command)

    def test_help_and_pages_have_every_flag(self):
        for command, name, letter, value in flags():
            text = acre("help", command, text=True).stdout
            words = (f"-{letter}, " if letter else "    ") + f"{name} {value}".rstrip()
            self.assertRegex(text, rf"(?m)^  {words}(  |$)")
            page = (SOURCE / f"man/acre-{command}.1").read_text().replace("\\-", "-")
            self.assertRegex(page, rf"(?m)^.*\\fB{name}\\fR")

    def test_every_flag_is_read(self):
        """A row that the command does not know would be silently passed over."""
        for command, name, _, _ in flags():
            source = (SOURCE / f"cli/cmd_{command}.c").read_text()
            self.assertIn(f"AC_FLAG_{command}_{name[2:].replace('-', '_')}", source)

    def test_every_command_has_usage_exit_and_example(self):
        for command in COMMANDS:
            for kind in ("USAGE", "EXIT", "EXAMPLE"):
                self.assertRegex(TABLE, rf"(?m)^AC_{kind}\({command},", command)

    def test_an_unknown_shell(self):
        for words in (["tcsh"], [], ["bash", "zsh"]):
            done = acre("completion", *words, text=True)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assert_message(done.stderr, "bash, zsh or fish")


class Shells:
    """The same questions for every shell; offered() answers with the set of words."""

    def offered(self, line):
        raise NotImplementedError

    def setUp(self):
        super().setUp()
        if not shutil.which(self.shell):
            self.skipTest(f"{self.shell} is not installed")
        self.file("here.json", "{}")

    def start(self, *words, **env):
        done = subprocess.run(
            [self.shell, *words],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder), "ACRE": COMMAND, **env},
        )
        self.assertNotIn("rror", done.stderr)
        return done.stdout

    def test_syntax(self):
        script = self.file("script", acre("completion", self.shell).stdout)
        self.start("-n", script)

    def test_commands(self):
        self.assertLessEqual(set(COMMANDS), self.offered("acre "))

    def test_every_flag_of_every_command(self):
        for command in COMMANDS:
            expected = {name for owner, name, _, _ in flags() if owner == command} | {"--help"}
            found = {word.removesuffix("=") for word in self.offered(f"acre {command} --")}
            self.assertEqual(expected, {word for word in found if word.startswith("--") and word != "--"})

    def test_values(self):
        for line, expected in (
            ("acre run -o her", "here.json"),
            ("acre run -q --json her", "here.json"),
            ("acre run --conf dec", "decay_ms"),
            ("acre options explain dirty", "dirty_min"),
            ("acre options check shar", "shards"),
            ("acre help opt", "options"),
            ("acre completion fi", "fish"),
            ("acre options exp", "explain"),
        ):
            self.assertIn(expected, {word.removesuffix("=") for word in self.offered(line)}, line)

    def test_the_program_and_its_own_words(self):
        self.assertIn("printenv", self.offered("acre run printen"))
        self.assertIn("printenv", self.offered("acre run -q --json x -- printen"))
        self.assertFalse({"--quiet", "--lib"} & self.offered("acre run -- printenv --"))
        self.assertIn("here.json", self.offered("acre run cat her"))


class Bash(Shells, Case):
    shell = "bash"
    package = ""

    def offered(self, line):
        return set(self.start("-c", BASH % {"package": self.package}, "bash", line).split())

    def test_a_value_behind_an_equals_sign(self):
        self.assertEqual(self.offered("acre run --json=her"), {"here.json"})
        self.assertEqual(self.offered("acre run --conf=dec"), {"decay_ms="})
        self.assertEqual(self.offered("acre run --conf dirty_min=1,dec"), {"1,decay_ms="})


class BashWithItsPackage(Bash):
    package = ". /usr/share/bash-completion/bash_completion"

    def setUp(self):
        super().setUp()
        if not os.path.exists(self.package[2:]):
            self.skipTest("bash-completion is not installed")

    def test_a_script_found_by_name(self):
        folder = self.folder / "share/bash-completion/completions"
        self.file(folder / "acre", acre("completion", "bash").stdout, 0o644)
        found = self.start(
            "-c",
            f"{self.package}; _completion_loader acre; complete -p acre",
            XDG_DATA_HOME=str(self.folder / "share"),
        )
        self.assertIn("-F _acre acre", found)


class Zsh(Shells, Case):
    shell = "zsh"

    def offered(self, line):
        text = self.start("-f", "-c", ZSH, "zsh", line)
        return {word for hits in re.findall(r"<([^<>]*)>", text) for word in hits.split("|")}


class Fish(Shells, Case):
    shell = "fish"

    def offered(self, line):
        script = 'eval ($ACRE completion fish | string collect); complete -C "$argv[1]"'
        found = self.start("--no-config", "-c", script, line)
        return {word.split("\t")[0] for word in found.splitlines()}


if __name__ == "__main__":
    main()
