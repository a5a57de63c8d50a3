# SPDX-License-Identifier: MIT
"""The parts of the tools in bench/: which allocators, which programs, how a run is measured, how it is
compared and shown."""
