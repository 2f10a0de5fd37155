# Everything a developer does, by name. `make` lists it.

.DEFAULT_GOAL := help
.PHONY: help bootstrap demo test lint fmt bench bench-kafka sim mutants shake histories dashboards lock clean

BIN := .venv/bin
# Where it is set, each start of weiguard compiles all modules anew.
unexport PYTHONDONTWRITEBYTECODE
TYPED := engine rules streams monitoring weiguard tests deploy $(wildcard bench)

help: ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

bootstrap: ## Make .venv from requirements.lock (instant when nothing changed)
	@sh scripts/bootstrap

# Where nobody sits at a terminal to press Ctrl-C, it ends with the summary.
demo: bootstrap ## Run a seeded day of small shops; ARGS=--once ends with the summary
	@$(BIN)/weiguard demo $$([ -t 1 ] || echo --once) $(ARGS)

test: lint ## Run all checks and tests; SLOW=1 adds the slow tests
	@sh scripts/servers
	$(BIN)/pytest -n auto --dist loadgroup $(if $(SLOW),,-m "not slow") $(ARGS)

lint: bootstrap ## Check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(TYPED)
	$(BIN)/lint-imports --no-logo

fmt: bootstrap ## Format, and mend what can be mended safely
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: bootstrap ## Measure deciding and committing; without ARGS also a log of a million entries, and the way to the screen
	@$(BIN)/python -m bench $(ARGS)
	$(if $(ARGS),,@$(BIN)/python -m bench.tlog && $(BIN)/python -m bench.screen)

bench-kafka: bootstrap ## Measure workers on a real Kafka: speed, latency, take-over, restore
	@$(BIN)/python -m bench.kafka $(ARGS)

sim: bootstrap ## Run the seeded simulation of crashes, duplicates and late events; SEED=n picks one
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED)) $(ARGS)

mutants: bootstrap ## Change every threshold and comparison of every rule; a test of the rule must notice
	@$(BIN)/python -m tests.mutation $(ARGS)

shake: bootstrap ## Move times, amounts and arrivals in every rule's tests; engine and oracle must agree
	@$(BIN)/python -m tests.perturbing $(ARGS)

histories: bootstrap ## Decide real histories and compare with what is known of them
	@$(BIN)/python -m tests.histories $(ARGS)

dashboards: bootstrap ## Write the dashboards in deploy/grafana/ anew from their code
	@$(BIN)/python -m deploy.grafana

lock: ## Write requirements.lock anew; ARGS=--upgrade takes newer versions
	@sh scripts/lock $(ARGS)

clean: ## Remove .venv and all that the tools left behind (databases stay)
	rm -rf .venv .lock-venv build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
