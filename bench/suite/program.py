# SPDX-License-Identifier: MIT
"""program.py -- one row of the table: what is run, and how."""
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Program:
    """`output` is a file it writes, `driver` a script that starts the command and puts load on it.
    `can_idle`: told to by BENCH_IDLE_S, it stays some seconds after its work, when it holds little."""

    name: str
    stresses: str
    command: tuple
    env: dict = field(default_factory=dict)
    input: str = ""
    output: str = ""
    driver: str = ""
    driver_arguments: tuple = ()
    has_own_allocator: bool = False
    is_kernel: bool = False
    can_idle: bool = False
