# Needs Python 3.11+ and make; everything else comes from uv.lock.
.DEFAULT_GOAL := help
.PHONY: help install demo test check bench docs pictures format clean

UV_VERSION := 0.13.8
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && command -v $$p && break; done)
# The system's certificates, since that is where a company's own authority is. Compiled, so that the first start is quick.
UV := UV_SYSTEM_CERTS=1 UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv VIRTUAL_ENV= .tools/uv/bin/uv
RUN := .venv/bin/
# With it every process would compile anew what is not installed: a fifth of the time that collecting the tests takes.
unexport PYTHONDONTWRITEBYTECODE

help:
	@echo "make demo      install and open the dashboard with example workflows running"
	@echo "make install   fill .venv; the command is then .venv/bin/mahavishnu"
	@echo "make test      install and run the whole test suite"
	@echo "make check     linters, types, import contracts, complexity, security scan"
	@echo "make bench     write benchmarks/RESULTS.md: our figures beside their peers'"
	@echo "make docs      write docs/reference anew from the code"
	@echo "make pictures  draw the README's pictures anew"

.tools/uv/bin/uv:
	@echo "installing into .venv; the first time takes a minute or two"
	@test -n "$(PYTHON)" || { echo "mahavishnu needs Python 3.11 or newer with its venv module (Debian: apt install python3-venv); none was found. Name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -m venv .tools/uv
	@.tools/uv/bin/pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"

.venv/.run-stamp: pyproject.toml uv.lock | .tools/uv/bin/uv
	@$(UV) sync --quiet --frozen --inexact --no-dev --python .tools/uv/bin/python
	@$(RUN)python -m compileall -q mahavishnu_tui
	@touch $@

.venv/.dev-stamp: pyproject.toml uv.lock | .tools/uv/bin/uv
	@$(UV) sync --quiet --frozen --python .tools/uv/bin/python
	@$(RUN)python -m compileall -q mahavishnu_tui
	@touch $@ .venv/.run-stamp

install: .venv/.run-stamp

demo: install
	@$(RUN)mahavishnu demo

# The tests over SSH start a real sshd; where none is installed or to be had they are skipped, and say so.
.tools/sshd/usr/sbin/sshd:
	@tests/e2e/get_sshd.sh .tools/sshd || echo "no sshd to be had: the tests over SSH are skipped"

# Heavy tests that would starve each other, or share a server, are a group; a worker runs all of one. Four workers,
# since tests of processes and of screens wait too.
test: .venv/.dev-stamp .tools/sshd/usr/sbin/sshd
	@$(RUN)coverage erase
	@$(RUN)coverage run -m pytest -n 4 --dist loadgroup --durations=15
	@$(RUN)coverage combine --quiet
	@$(RUN)coverage report --skip-empty --fail-under=90

check: .venv/.dev-stamp
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)mypy
	$(RUN)lint-imports
	$(RUN)bandit -q -c pyproject.toml -r mahavishnu_tui
	$(RUN)python docs/make_reference.py --check

bench: .venv/.dev-stamp
	@$(RUN)python benchmarks/run.py $(if $(ONLY),--only $(ONLY))

docs: .venv/.dev-stamp
	$(RUN)python docs/make_reference.py

pictures: .venv/.dev-stamp
	$(RUN)python docs/make_pictures.py

format: .venv/.dev-stamp
	$(RUN)ruff check --fix .
	$(RUN)ruff format .

clean:
	rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache .coverage*
