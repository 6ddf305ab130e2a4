# Every target makes the virtual environment it needs when there is none.

# The Python to make it from; when empty, the first usable 3.10-3.13 is taken.
PYTHON ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export TF_CPP_MIN_LOG_LEVEL ?= 2

# TensorFlow is the backend for everything but the tests of hlp_keras: those
# are the test files that touch none of the packages built on TensorFlow.
ON_TENSORFLOW := (import|from) (tensorflow|training|tflite_export|demo)
KERAS_TESTS = $(shell grep -LE '^ *$(ON_TENSORFLOW)' tests/test_*.py)

# A file's tests share networks, so that one process runs all of them; more
# than four processes need much memory.
PYTEST = .venv/bin/python -m pytest \
  --numprocesses auto --maxprocesses 4 --dist loadfile

.PHONY: help demo test test-tf-keras test-jax android lint format \
  constraints clean

help:  ## Show this list
	@echo "make [PYTHON=/path/to/python] TARGET, where TARGET is"
	@awk -F ':.*  ## ' '/^[a-z].*  ## / {printf "  %-15s%s\n", $$1, $$2}' Makefile

demo: .venv/installed  ## Train, cut out, export and report in demo_out/
	@echo "== the demo, into demo_out/"
	.venv/bin/python -m demo --output_dir demo_out

test: .venv/installed  ## Run the tests on TensorFlow, tf-keras and JAX
	@echo "== all tests on TensorFlow"
	KERAS_BACKEND=tensorflow $(PYTEST)
	@$(MAKE) --no-print-directory test-tf-keras test-jax

test-tf-keras: .venv/installed  ## Run the tests of fine-tuning on tf-keras
	@echo "== the tests of what needs tf-keras"
	TF_USE_LEGACY_KERAS=1 KERAS_BACKEND=tensorflow $(PYTEST) tests/tf_keras

test-jax: .venv/installed  ## Run the tests of hlp_keras on JAX
	@echo "== the tests of hlp_keras on JAX"
	KERAS_BACKEND=jax $(PYTEST) $(KERAS_TESTS)

android:  ## Build, test and check the Android demo; as root installs what it needs
	@echo "== the Android demo, into android_demo/app/target/"
	bash android_demo/build_apk.sh

lint: .venv-tools/installed  ## Check style and formatting
	.venv-tools/bin/ruff check .
	.venv-tools/bin/ruff format --check .

format: .venv-tools/installed  ## Format and mend what can be mended
	.venv-tools/bin/ruff check --fix .
	.venv-tools/bin/ruff format .

# Pins stay as they are where they can: UPGRADE=--upgrade takes new versions.
# uv passes over that later versions of backports.strenum refuse Python 3.11.
constraints: .venv-tools/installed  ## Update constraints.txt after setup.cfg
	echo "backports.strenum<1.3" | .venv-tools/bin/uv pip compile setup.cfg \
	  --constraint - --all-extras --universal --python-version 3.10 \
	  --no-annotate --no-emit-package tflite-micro --no-python-downloads \
	  --custom-compile-command "make constraints" $(UPGRADE) \
	  --output-file constraints.txt

clean:  ## Remove the virtual environments, demo_out/ and all caches
	rm -rf .venv .venv-tools demo_out build dist *.egg-info
	rm -rf .hypothesis .pytest_cache .ruff_cache
	rm -rf android_demo/core/target android_demo/app/target
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: setup.cfg constraints.txt
	$(make_venv)
	@echo "== installing hlp-keras and its dependencies into .venv" \
	  "(several minutes and 3 GB the first time)"
	.venv/bin/python -m pip install -c constraints.txt \
	  -e ".[train,export,compress,report,jax,test]"
	@echo "== installing tflite-micro, which not every platform has"
	-.venv/bin/python -m pip install -c constraints.txt -e ".[tflm]"
	@.venv/bin/python -c "import tflite_micro" 2>/dev/null || echo \
	  "== NO tflite-micro for this Python: the checks on TFLM are skipped"
	@touch $@

# Linting needs no TensorFlow.
.venv-tools/installed: setup.cfg constraints.txt
	$(make_venv)
	.venv-tools/bin/python -m pip install --quiet -c constraints.txt \
	  pre-commit ruff uv
	@touch $@

# Makes the directory of the target a virtual environment unless it is one
# that works: half of one stays behind when making it was interrupted.
define make_venv
@$(@D)/bin/python -m pip --version >/dev/null 2>&1 || { \
  python=$$(bash tools/find_python.sh $(PYTHON)) && \
  echo "== making $(@D) with $$python" && \
  "$$python" -m venv --clear $(@D); }
endef
