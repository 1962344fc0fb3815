# Every entry with a `##` text shows up in `make help`.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test check bench setup format reference image web

help: ## List what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Process tests that would show the same once more: of SQLite itself, of files, of followers, with servers of their own.
ANY_DATABASE := sqlite architecture:: configuration:: systemd_unit:: make_run:: two_primaries:: crash::two_hundred \
	confinement:: long_listing:: large_file:: s3_outage:: hot_path::

run: ## Build, start a primary and a follower on this machine, store a sample; Ctrl-C stops both
	@scripts/setup run
	@scripts/build-web
	cargo build --release --locked --bin aster_drive
	@node scripts/run.mjs

test: check ## Everything a change must pass: setup, check, all tests, those of a primary on both databases
	@scripts/build-web
	cargo test --locked
	scripts/with-postgres cargo test --locked --lib -- primary:: db:: tasks:: cli::doctor:: --skip sqlite
	scripts/with-postgres cargo test --locked --test it -- $(ANY_DATABASE:%=--skip %)
	scripts/test-web
	scripts/test-chart

check: setup ## Formatting, lints, documentation, licences and dependencies
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" cargo doc --locked --no-deps --document-private-items
	cargo deny --locked check bans licenses sources
	@scripts/check-advisories
	npm --prefix web run --silent check

web: ## Build the web app into web/dist, where the next build of the binary takes it from
	@scripts/setup run
	@scripts/build-web

image: ## Build the container image, tagged with the version
	@scripts/image

bench: ## Measure follower and primary on this machine, the steps of a request, and searches
	@scripts/bench
	@scripts/bench drive
	cargo bench --locked --bench protocol
	cargo bench --locked --bench search

setup: ## Install what building and testing need and this machine lacks
	@scripts/setup test

format: ## Format the sources
	cargo fmt
	npm --prefix web run --silent format

reference: ## Write .env.example, docs/configuration.md, web/openapi.json with its types, and the chart's values anew from their sources
	@cargo run --locked --quiet -- config reference --format env > .env.example.new
	@cargo run --locked --quiet -- config reference --format markdown > docs/configuration.md.new
	@mv .env.example.new .env.example
	@mv docs/configuration.md.new docs/configuration.md
	@cargo run --locked --quiet -- openapi > web/openapi.json.new
	@mv web/openapi.json.new web/openapi.json
	@npm --prefix web run --silent types
	@.tools/chart/python/bin/python helm/values_reference.py
