# SPDX-License-Identifier: MIT
#
# Makefile -- a thin front of the CMake build; `make help` lists what it can do.

PREFIX ?= /usr/local
DESTDIR ?=
MAKEFLAGS += --no-print-directory
CMAKE_BUILD = cmake --build build --parallel $(shell nproc)

all: build/CMakeCache.txt ## Build the libraries and the command into build/
	@$(CMAKE_BUILD)
	@touch build/.built

build/CMakeCache.txt:
	@tools/setup build
	@mkdir -p build
	@cmake --preset plain >build/configure.log 2>&1 || { cat build/configure.log >&2; rm -f $@; exit 1; }

check: ## Run every test and house check; ends with `N passed, N failed`
	@tools/setup check
	@tools/run-tests $(if $(TESTS),'$(TESTS)')

coverage: ## Lines and branches of src/ that the tests reach
	@tools/setup coverage
	@tools/coverage

fuzz: ## Fuzz the interface for SECONDS (600), guided by coverage
	@tools/setup check
	@fuzz/run.py $(or $(SECONDS),600)

soak: all ## A server for SECONDS (3600): its memory may not grow
	@cc -std=gnu11 -O1 -fno-builtin -D_GNU_SOURCE -Iinclude -o build/soak fuzz/soak.c build/libacre.so.1 -lpthread
	@LD_PRELOAD=$(abspath build/libacre-preload.so) LD_LIBRARY_PATH=build build/soak $(or $(SECONDS),3600)

forks: all ## COUNT (100000) forks over eight churning threads
	@$(CMAKE_BUILD) --target life.fork_churn
	@LD_PRELOAD=$(abspath build/libacre-preload.so) build/test/life.fork_churn many $(or $(COUNT),100000)

demo: ## Run a real program on the system's malloc and on acre
	@tools/demo

bench: all ## Compare with other allocators
	@tools/setup bench
	@bench/run && bench/start && bench/threads

install: all ## Install below PREFIX (and DESTDIR)
	@DESTDIR=$(abspath $(DESTDIR)) cmake --install build --prefix $(abspath $(PREFIX))

dist: build/CMakeCache.txt ## Write the one-file edition, build/dist/acre.c and acre.h
	@$(CMAKE_BUILD) --target dist

format: ## Rewrite the sources in the house's format
	@tools/check-format --fix

clean: ## Remove build/
	@rm -rf build

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

.PHONY: all check coverage fuzz soak forks demo bench install dist format clean help
