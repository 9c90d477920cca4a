# Every task is `python3 tools/dev.py TASK`; this file is only for typing less.
PYTHON ?= python3
ARGS ?=

TASKS := run test check bench mutations lock setup

.PHONY: help $(TASKS)

help:
	@$(PYTHON) tools/dev.py --help

$(TASKS):
	@$(PYTHON) tools/dev.py $@ $(ARGS)
