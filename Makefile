# Every command of the project; `make help` lists them. They need cargo and make, and install what else is missing.

# rustup puts cargo there; a shell opened before the installation does not know yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

# One profile for the program, its tests and the lints: nothing large is compiled twice.
CARGO_FLAGS ?=
PROFILE := --release $(CARGO_FLAGS)
WASM := --package lightning-store-client --target wasm32-unknown-unknown --features fetch

# The tests find the interpreter by this variable.
export LIGHTNING_STORE_PYTHON ?= $(CURDIR)/target/python/bin/python
RUFF = target/python/bin/ruff

# For `make run`
STORE ?= sqlite:lightning-store.db
PORT ?= 4747
# For `make run` and `make bench`: more arguments
ARGS ?=

.DEFAULT_GOAL := help
# The steps of one command run one after the other, also under -j: cargo uses all cores by itself.
.NOTPARALLEL:
.PHONY: help build run test bench fmt lint setup compiler wasm tools python

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: compiler ## compile target/release/lightning-store
	cargo build $(PROFILE) --workspace

run: build ## start the server on SQLite (STORE=sqlite:lightning-store.db PORT=4747 ARGS=...)
	cargo run $(PROFILE) --quiet --package lightning-store-server -- --store $(STORE) --port $(PORT) $(ARGS)

test: setup build ## run every test, the published Python package among them
	cargo test $(PROFILE) --workspace
	cargo check $(PROFILE) $(WASM)

bench: build python ## measure against a bare server and the Python package (ARGS=...)
	cargo run $(PROFILE) --package lightning-store-e2e --bin bench -- $(ARGS)

fmt: compiler python ## format the code
	cargo fmt --all
	$(RUFF) format tests/python

lint: setup ## check format, lints and documentation; a warning is an error
	cargo fmt --all --check
	$(RUFF) format --check tests/python
	$(RUFF) check tests/python
	cargo clippy $(PROFILE) --workspace --all-targets -- -D warnings
	cargo clippy $(PROFILE) $(WASM) -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc $(PROFILE) --workspace --no-deps --document-private-items

setup: compiler wasm tools python ## install what the tests need: a C compiler, the wasm32 target, strace, the Python package

compiler wasm tools python:
	@tests/setup/setup.sh $@
