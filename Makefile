# Cupel's verbs; the same locally and in CI. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export CUPEL_DATA_DIR ?= $(CURDIR)/.cupel
export CUPEL_TOOLS_DIR ?= $(CUPEL_DATA_DIR)/tools
CUPEL := .build/release/cupel
ASKS := "create a deploy user with a home directory and add it to the sudo group" \
        "install nginx and make sure it is running and enabled" \
        "create the directory /srv/app owned by www-data with mode 0750"

.PHONY: help demo run dev build release install install-dev install-test test test-unit test-integration test-watch \
        lint format check security coverage bench docs model clean soak sim

help: ## Show the verbs
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2}'

demo: install model ## Plain words in, vetted playbooks out, with a real local model (ASK="..." for your own)
ifdef ASK
	@$(CUPEL) playbook create "$(ASK)"
else
	@$(CUPEL) playbook create $(ASKS)
endif

run: install model ## Start the server on 127.0.0.1:8080
	@exec $(CUPEL) serve

dev: install-dev ## Start a debug build of the server, with a log of every step
	@swift build --product cupel
	@exec .build/debug/cupel serve --set log.level=debug

install: ## Install what Cupel needs to run here, and build it
	@scripts/install-packages runtime
	@$(MAKE) --no-print-directory release

install-dev: ## Install what building and testing need
	@scripts/install-packages runtime test
	@scripts/install-tools

install-test: install-dev model
	@scripts/install-tools --sdk

release:
	@echo "▸ building cupel (the first build takes some minutes)"
	@swift build -c release --product cupel 2>&1 | scripts/build-progress

build: ## Build everything, for debugging
	@swift build --build-tests 2>&1 | scripts/build-progress

model: ## Get the local model and Ansible's tools into .cupel/tools
	@scripts/install-tools
ifndef CUPEL_MODEL_URL
	@scripts/install-tools --model
endif

test: install-test ## Run every test, with coverage; fails under 80 %
	@scripts/test

test-unit: ## Run the tests that cross no process or socket
	@swift test --skip EndToEnd --skip Contract

test-integration: install-test ## Run the tests that cross processes, sockets and the model
	@swift test --no-parallel --filter 'EndToEnd|Contract|DatabaseConformance|CupelServer|Gateway|Sandbox'

test-watch: ## Run the unit tests whenever a source changes
	@scripts/watch swift test --skip EndToEnd

soak: install-test ## Long crash loops with real processes, and many thousand simulated clusters
	@swift build --build-tests 2>&1 | scripts/build-progress
	@CUPEL_SOAK_JOBS=$${CUPEL_SOAK_JOBS:-2000} swift test --skip-build --no-parallel --filter CrashLoopTests
	@CUPEL_SIM_COUNT=$${CUPEL_SIM_COUNT:-50000} swift test --skip-build --filter SimulationTests

sim: ## Run one simulated cluster again: make sim SEED=7
	@test -n "$(SEED)" || { echo "Say which: make sim SEED=7"; exit 2; }
	@CUPEL_SIM_SEED=$(SEED) swift test --filter SimulationTests

lint: ## Check the format
	@swift format lint --strict --parallel --recursive Package.swift Sources Tests

format: ## Format the sources
	@swift format --in-place --parallel --recursive Package.swift Sources Tests

check: lint ## Format, house rules, generated documents, our own scan, secrets in the history
	@swift test --filter 'HouseRules'
	@$(CUPEL_TOOLS_DIR)/bin/python3 scripts/module-specs --check
	@swift build --product cupel 2>&1 | scripts/build-progress
	@$(MAKE) --no-print-directory security

security: ## Our own gauntlet over the tree and its history
	@.build/debug/cupel scan .
	@scripts/scan-history .build/debug/cupel

coverage: test ## The coverage report as text, HTML and XML in coverage/
	@cat coverage/summary.txt

bench: release ## Measure the scanner beside grep, the queue beside raw SQL, the gateway beside nginx, each pair in one run
	@swift build -c release --product Queue 2>&1 | scripts/build-progress
	@swift build -c release --product RawPass 2>&1 | scripts/build-progress
	@Benchmarks/scan $(CUPEL)
	@Benchmarks/queue
	@Benchmarks/gateway
	@Benchmarks/streams

docs: install-test ## Write the generated documents and the dashboard's pictures anew
	@CUPEL_WRITE_DOCS=1 swift test --no-parallel --filter 'GeneratedDocuments|PlaybookEndToEnd'

clean: ## Remove what was built; data and tools in .cupel stay
	@rm -rf .build coverage
