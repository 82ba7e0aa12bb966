# Every command of the project; `make help` lists them. They need cargo and make, and install what else is missing.

# rustup puts cargo there; a shell opened before the installation does not know yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

# One profile for the program, its tests and the lints: nothing large is compiled twice.
CARGO_FLAGS ?=
PROFILE := --release $(CARGO_FLAGS)
MODULE := --package lightning-store-wasm --target wasm32-unknown-unknown
WASM := --package lightning-store-client --package lightning-store-wasm --target wasm32-unknown-unknown
# Where cargo writes.
OUT := $(abspath $(or $(CARGO_TARGET_DIR),target))
# Makes the npm package, and runs compiled tests in a browser.
BUNDLE := $(OUT)/release/lightning-store-bundle

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
.PHONY: help build run test bench bench-server bench-page npm fmt lint setup crates web compiler wasm tools postgres python node page browser

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: web ## compile target/release/lightning-store with its dashboard
	cargo build $(PROFILE) --workspace $(TARGETS)

# With the tests at once where they are wanted: they see to it that some libraries are compiled in another way, and all of
# it twice otherwise.
test lint: TARGETS := --all-targets
crates: compiler
	cargo build $(PROFILE) --workspace $(TARGETS)

run: build ## start the server on SQLite (STORE=sqlite:lightning-store.db PORT=4747 ARGS=...)
	cargo run $(PROFILE) --quiet --package lightning-store-server -- --store $(STORE) --port $(PORT) $(ARGS)

test: setup build ## run every test, the published Python package, Node and a browser among them
	cargo test $(PROFILE) --workspace
	CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER="$(BUNDLE) test" \
		cargo test $(PROFILE) --package lightning-store-client --test behaviour --target wasm32-unknown-unknown
	LIGHTNING_STORE_BIN=$(OUT)/release/lightning-store npm test --prefix web --silent

bench: bench-server bench-page ## measure the server and the dashboard (ARGS=... for the server)

bench-server: build python ## measure the server alone, beside a bare one and the Python package (ARGS=...)
	cargo run $(PROFILE) --package lightning-store-bench -- $(ARGS)

bench-page: build browser ## measure the dashboard alone, in a browser, against its budgets
	LIGHTNING_STORE_BIN=$(OUT)/release/lightning-store npm run bench --prefix web --silent

# The modules name no folder of this machine in their panics. Each has a profile of its own, so that neither is compiled
# again because of the other.
npm: crates wasm page ## pack the client for JavaScript into target/npm
	export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="$$(printf -- '--remap-path-prefix=%s=crates ' \
		"$(CURDIR)" "$${CARGO_HOME:-$$HOME/.cargo}"/registry/src/*)" && \
	cargo build --profile wasm $(CARGO_FLAGS) $(MODULE) && \
	cargo build --profile wasm-trace $(CARGO_FLAGS) $(MODULE) --no-default-features --features trace
	$(BUNDLE) npm --module $(OUT)/wasm32-unknown-unknown/wasm/lightning_store_wasm.wasm \
		--trace-module $(OUT)/wasm32-unknown-unknown/wasm-trace/lightning_store_wasm.wasm \
		--source client-wasm/npm --license LICENSE --out target/npm/package
	rm -f target/npm/*.tgz
	npm pack --silent ./target/npm/package --pack-destination target/npm

# What is compiled into the program is compiled in again if it has changed.
web: npm page
	npm run --prefix web --silent build
	find web/dist -type f -exec cksum {} + | sort > $(OUT)/dashboard.new
	cmp -s $(OUT)/dashboard.new $(OUT)/dashboard.sum || touch server/src/main.rs
	mv $(OUT)/dashboard.new $(OUT)/dashboard.sum

fmt: compiler python page ## format the code
	cargo fmt --all
	npm run --prefix web --silent format
	$(RUFF) format tests/python

lint: setup npm ## check format, lints and documentation; a warning is an error
	cargo fmt --all --check
	$(RUFF) format --check tests/python
	$(RUFF) check tests/python
	npm run --prefix web --silent lint
	npm run --prefix web --silent check
	cargo clippy $(PROFILE) --workspace --all-targets -- -D warnings
	cargo clippy $(PROFILE) $(WASM) -- -D warnings
	cargo clippy $(PROFILE) $(WASM) --features trace -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc $(PROFILE) --workspace --exclude lightning-store-wasm --no-deps --document-private-items
	RUSTDOCFLAGS="-D warnings" cargo doc $(PROFILE) $(WASM) --features trace --no-deps --document-private-items

setup: compiler wasm tools postgres python node page browser ## install what the tests need, from a C compiler to a browser

compiler wasm tools postgres python node page browser:
	@tests/setup/setup.sh $@
