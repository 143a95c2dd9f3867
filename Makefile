# What CI runs is what a person runs: `make lint` and `make test`. Every target installs what it needs, once, outside of
# the checkout; what it cannot install it names in one line.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

ENVOY_VERSION ?= 1.40.0
export ENVOY_VERSION

# The oldest Envoy on which every case passes, and the cases that lean on what Envoy has changed between versions.
OLDER ?= 1.36.4
VERSIONED := primary_untouched parity_http1 parity_http2 upstream_filter methods_and_bodies request_trailers primary_answers_early \
	shadow_answers endpoints_leave upload_to_silent_shadow live_percentage update_in_flight vm_replaced bad_configuration_as_update \
	upgrade no_upstream client_aborts labels crashes

WASM := dist/traffic-mirror.wasm
WASM_LIMIT := 409600

.PHONY: help
help: ## What can be done
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# === use ===

.PHONY: demo
demo: build ## Live requests through a real Envoy, and their copies side by side; at a terminal the dashboard after it
	@ENVOY_PATH="$$(scripts/envoy)" cargo run --quiet --release --package envoy-test -- demo

.PHONY: up
up: build ## The demo's set-up and its dashboard, left running to play with
	@ENVOY_PATH="$$(scripts/envoy)" cargo run --quiet --release --package envoy-test -- up

.PHONY: build
build: mirrorctl ## The filter and the command line tool: dist/traffic-mirror.wasm, dist/mirrorctl

.PHONY: module
module: ## The filter alone: dist/traffic-mirror.wasm, the same bytes in whatever folder
	@scripts/rust
	scripts/module $(WASM)
	@size=$$(wc -c < $(WASM)); echo "$(WASM): $$size bytes, of $(WASM_LIMIT) allowed"; test "$$size" -le $(WASM_LIMIT)

.PHONY: mirrorctl
mirrorctl: page module ## The command line tool, with its page and the filter in it: dist/mirrorctl
	@scripts/rust
	cargo build --locked --release --package mirrorctl
	@mkdir -p dist
	@cp target/release/mirrorctl dist/mirrorctl

# The web page that `mirrorctl dashboard` has in it.
.PHONY: page
page:
	@scripts/page

# For test-envoy: the filter with the feature `trap`. It never comes to dist.
.PHONY: trap
trap:
	@scripts/rust
	@cargo build --locked --quiet --profile trap --target wasm32-wasip1 --package traffic-mirror --features trap

IMAGE := dist/traffic-mirror.oci.tar

.PHONY: image
image: mirrorctl ## The image that Istio loads, as an OCI archive: dist/traffic-mirror.oci.tar (needs no Docker engine)
	dist/mirrorctl module save $(IMAGE)

# === check ===

.PHONY: test
test: test-policy test-policy-wasm test-page test-mirrorctl test-dashboard test-deploy test-filter test-envoy ## All tests: policy, command line, its page, dashboard and alerts, filter, real Envoy

.PHONY: test-policy
test-policy: ## The policy, natively, and all that fuzzing has found
	@scripts/rust
	cargo test --locked --quiet --package mirror-policy --package mirror-fuzz

.PHONY: test-policy-wasm
test-policy-wasm: ## The same tests of the policy, as WebAssembly in Node
	@scripts/rust
	@runner="$$(scripts/wasm-bindgen-test-runner)"; node="$$(scripts/node)"; echo "cargo test --package mirror-policy --target wasm32-unknown-unknown"; \
	PATH="$$(dirname "$$node"):$$PATH" CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER="$$runner" WASM_BINDGEN_TEST_ONLY_NODE=1 \
		cargo test --locked --package mirror-policy --test it --target wasm32-unknown-unknown

.PHONY: test-page
test-page: page ## The modules of the web page, and what was built from them, in Node
	@cd crates/mirrorctl/page && "$$(../../../scripts/node)" --test --test-reporter=dot test/*.test.js

.PHONY: test-mirrorctl
test-mirrorctl: page module ## The command line tool, against its golden files (UPDATE_GOLDEN=1 writes them anew) and the official CRDs in SCHEMAS_DIR
	@scripts/rust
	@tmux="$$(scripts/tmux || true)"; echo "cargo test --package mirrorctl"; TMUX_PATH="$$tmux" cargo test --locked --quiet --package mirrorctl

.PHONY: test-deploy
test-deploy: ## The dashboard and the alerts of deploy/, in a real Prometheus
	@scripts/rust
	@prometheus="$$(scripts/prometheus)"; echo "cargo test --package deploy-test"; \
	PROMETHEUS_PATH="$$prometheus" cargo test --locked --quiet --package deploy-test

# For test-deploy: what Prometheus sees of a real Envoy under traffic. Only needed when the filter's statistics change.
.PHONY: record
record: build
	@ENVOY_PATH="$$(scripts/envoy)" cargo run --locked --quiet --release --package envoy-test -- record deploy/test/recorded

.PHONY: test-dashboard
test-dashboard: page ## The page of the dashboard in a real headless Chromium; pictures of it in target/tmp/dashboard
	@scripts/rust
	@CHROMIUM="$$(scripts/chromium)"; CHROMEDRIVER="$$(scripts/chromium driver)"; export CHROMIUM CHROMEDRIVER; \
		echo "cargo test --package mirrorctl --test it -- dashboard::page:: dashboard::reach::"; \
		cargo test --locked --quiet --package mirrorctl --test it -- --ignored --test-threads=2 dashboard::page:: dashboard::reach::

.PHONY: test-filter
test-filter: build ## The built filter on a fake host
	cargo test --locked --quiet --package traffic-mirror

.PHONY: test-envoy
test-envoy: build trap ## The built filter in a real Envoy (CASES="name …" for some, ENVOY_VERSION for another)
	cargo test --locked --quiet --package envoy-test
	@prometheus="$$(scripts/prometheus)"; tmux="$$(scripts/tmux)"; \
	ENVOY_PATH="$$(scripts/envoy)" PROMETHEUS_PATH="$$prometheus" TMUX_PATH="$$tmux" cargo run --quiet --release --package envoy-test -- run $(CASES)

# The cheap question first: building a mesh for somebody who cannot run it would cost a quarter of an hour.
.PHONY: root
root:
	@test "$$(id -u)" -eq 0 || { echo "make: a mesh is made of network namespaces, which needs root" >&2; exit 1; }

# The inputs of mirrorctl's tests of `validate`, for the cases of mesh-test that ask a real Istio about them.
FINDINGS_CASES := $(CURDIR)/target/findings-cases.json

.PHONY: test-mesh
test-mesh: root build ## The built filter on a real Istio, without containers; as root (CASES="name …" for some; mesh-test/README.md)
	cargo test --locked --quiet --package mesh-test
	@FINDINGS_CASES="$(FINDINGS_CASES)" cargo test --locked --quiet --package mirrorctl --test it -- --ignored --exact \
		findings::exported::the_cases_are_written
	@programs="$$(mesh-test/lab/build)"; istioctl="$$(mesh-test/lab/istioctl)"; envoy="$$(scripts/envoy)"; \
	MESH_PROGRAMS="$$programs" ISTIOCTL_PATH="$$istioctl" ENVOY_PATH="$$envoy" FINDINGS_CASES="$(FINDINGS_CASES)" \
		cargo run --locked --quiet --package mesh-test -- run $(CASES)

.PHONY: mesh
mesh: root build ## A real Istio with a primary and a shadow, and a shell in it; as root
	@programs="$$(mesh-test/lab/build)"; envoy="$$(scripts/envoy)"; \
	MESH_PROGRAMS="$$programs" ENVOY_PATH="$$envoy" cargo run --locked --quiet --package mesh-test -- shell

# The same under the name that some look for.
.PHONY: envoy-test
envoy-test: test-envoy

.PHONY: test-older-envoys
test-older-envoys: build trap ## What depends on Envoy's version, in the oldest supported one (OLDER="version …" for others)
	@for version in $(OLDER); do \
		echo "Envoy $$version"; \
		ENVOY_PATH="$$(ENVOY_VERSION=$$version scripts/envoy)" \
			cargo run --quiet --release --package envoy-test -- run $(VERSIONED); \
	done

# === search ===

.PHONY: fuzz
fuzz: ## Search for inputs that break a promise (FUZZ_SECONDS=15 a target, TARGETS="name …" for some; docs/fuzzing.md)
	@scripts/rust
	@scripts/fuzz $(TARGETS)

.PHONY: fuzz-corpus
fuzz-corpus: ## Take what the searches have found, and fresh seeds, into the committed corpus
	@scripts/rust
	@scripts/fuzz --corpus $(TARGETS)

# === measure ===

.PHONY: soak
soak: build ## Hold Envoy's memory against the budget, with shadows that never answer (SOAK_MINUTES=10; docs/limits.md)
	@cargo build --locked --quiet --release --package envoy-test
	@ENVOY_PATH="$$(scripts/envoy)" cargo run --locked --quiet --release --package envoy-test -- soak $(SOAK)

EMPTY := dist/bench/empty-filter.wasm
BARE := dist/bench/bare-mirror.wasm

.PHONY: count
count: build $(EMPTY) $(BARE) ## The instructions that mirroring costs, about 15 minutes (COUNT="--requests get" for some; docs/benchmarks.md)
	@$(MAKE) counted COUNT="--empty $(EMPTY) --bare $(BARE) $(COUNT)"

.PHONY: count-check
count-check: build ## Fail where mirroring costs more instructions than its budget (envoy-test/count-budget.json)
	@$(MAKE) counted COUNT="--check $(COUNT)" || { \
		echo "make: on a busy machine a count differs by chance, so what fails is counted once more" >&2; \
		$(MAKE) counted COUNT="--check $(COUNT)"; }

.PHONY: count-budget
count-budget: build ## Count, and write the budget anew
	@$(MAKE) counted COUNT="--write-budget $(COUNT)"

.PHONY: counted
counted:
	@cargo build --locked --quiet --release --package envoy-test
	@valgrind="$$(scripts/valgrind)"; envoy="$$(scripts/envoy)"; \
	ENVOY_PATH="$$envoy" VALGRIND_PATH="$$valgrind" cargo run --locked --quiet --release --package envoy-test -- count $(COUNT)

.PHONY: bench
bench: build ## What only a clock tells, about 10 minutes on a machine with nothing else to do (docs/benchmarks.md)
	@cargo build --locked --quiet --release --package envoy-test
	@ENVOY_PATH="$$(scripts/envoy)" $(BENCH_WITH) cargo run --locked --quiet --release --package envoy-test -- bench $(BENCH)

.PHONY: bench-quick
bench-quick: ## The same in less than three minutes: a hint, no proof
	@$(MAKE) bench BENCH="--quick $(BENCH)"

.PHONY: $(EMPTY) $(BARE)
$(EMPTY) $(BARE): dist/bench/%.wasm:
	@cargo build --locked --quiet --release --target wasm32-wasip1 --package $*
	@mkdir -p $(@D)
	@cp target/wasm32-wasip1/release/$(subst -,_,$*).wasm $@

# === code ===

.PHONY: lint
lint: ## Format, clippy, docs, dependencies, and the rules that no tool knows
	@scripts/rust
	cargo fmt --all --check
	cargo clippy --locked --quiet --workspace --all-targets -- -D warnings
	cargo clippy --locked --quiet --package traffic-mirror --target wasm32-wasip1 -- -D warnings
	cargo clippy --locked --quiet --package traffic-mirror --target wasm32-wasip1 --features trap -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --locked --quiet --workspace --no-deps --document-private-items
	@scripts/cargo-deny
	@scripts/house-rules

.PHONY: fmt
fmt: ## Format the code
	cargo fmt --all

.PHONY: docs
docs: ## Write the generated documentation anew
	UPDATE_DOCS=1 cargo test --locked --quiet --package mirror-policy --test it documents::
	UPDATE_DOCS=1 cargo test --locked --quiet --package mirrorctl --test it -- --exact findings::the_codes_are_documented_from_the_table live::view::the_documentation_is_up_to_date versions::the_table_is_documented
	UPDATE_DOCS=1 cargo test --locked --quiet --package deploy-test --test it operator

.PHONY: doc
doc: ## The documentation of the code
	cargo doc --workspace --no-deps --open

.PHONY: clean
clean: ## Remove what was built here
	cargo clean
	rm -rf dist crates/mirrorctl/page/dist crates/mirrorctl/page/node_modules
