# SPDX-License-Identifier: MIT
"""The parts of bench/run, bench/start and bench/threads: which allocators, which programs, how a run is
measured, how it is shown."""
