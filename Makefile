# The few commands that a person needs. Each does what it says from a clean clone; `make` alone lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test flow check judges fresh generate

# A bare machine's rustup puts cargo here, and only a login shell knows.
export PATH := $(PATH):$(if $(CARGO_HOME),$(CARGO_HOME),$(HOME)/.cargo)/bin
TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)

# What `make generate` prints; `make check` fails when one of these is not what it would print.
GENERATED := src/db/schema.rs .env.example schema.graphql src/http/page/files.rs \
	frontend-codegen/src/generated frontend-codegen/graphiql/built

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

run: ## Build pennypost and start it with a PostgreSQL and a Redis of its own
	@scripts/install-prerequisites
	cargo build --release --locked
	$(TARGET)/release/pennypost up

test: ## Run every test, beside test servers that live as long as the run
	@scripts/install-prerequisites --test
	@if cargo nextest --version >/dev/null 2>&1; then \
		scripts/test-servers cargo nextest run --locked --no-fail-fast && cargo test --locked --doc --quiet; \
	else \
		scripts/test-servers cargo test --locked --no-fail-fast; \
	fi
	scripts/audit

flow: ## Run the front end's flow, streams and examples against a server of their own
	@scripts/install-prerequisites --check
	cargo build --locked
	PENNYPOST=$(abspath $(TARGET))/debug/pennypost scripts/frontend live

check: ## Run every check that needs no server: form, lints, documentation, licences, front end, schema, generated files
	@scripts/install-prerequisites --check
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --quiet --no-deps --document-private-items
	$$(scripts/install-tool cargo-deny) --locked --log-level error check --hide-inclusion-graph bans licenses sources
	$$(scripts/install-tool cargo-machete) .
	$(MAKE) --no-print-directory fresh
	scripts/frontend check test
	scripts/judges schema

judges: ## Have other people's programs judge the schema, the answers and the sockets of a server of their own
	@scripts/install-prerequisites --judges
	cargo build --locked
	PENNYPOST=$(abspath $(TARGET))/debug/pennypost scripts/judges

fresh: generate ## Print the generated files anew, and fail when one of them changes
	git diff --exit-code -- $(GENERATED)

generate: ## Print every generated file anew: the schemas of tables and GraphQL, the settings, the front end
	scripts/test-servers scripts/print-schema
	cargo build --locked
	$(TARGET)/debug/pennypost settings > $(TARGET)/env.example && cp $(TARGET)/env.example .env.example
	$(TARGET)/debug/pennypost schema > $(TARGET)/schema.graphql && cp $(TARGET)/schema.graphql schema.graphql
	scripts/frontend generate
