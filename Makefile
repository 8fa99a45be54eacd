.DEFAULT_GOAL := help
.PHONY: help run fresh test soak lint format docs bench wheels

help:
	@echo "make run       serve the add-ons with demo data (PORT=8069)"
	@echo "make fresh     the same with a new database (asks first; YES=1 doesn't)"
	@echo "make test      run every test (ONLY=lint, an add-on, tests, or a path; LANES=2)"
	@echo "make soak      go on at random for hours (ONLY=matrix,lives,years,fuzz,secrecy,canaries; LIVES=2000; YEARS=10; MINUTES=60)"
	@echo "make lint      check every file"
	@echo "make format    format every file"
	@echo "make docs      make the generated pages (FIGURES=1: with what make bench measured)"
	@echo "make bench     measure on a database of its own (ONLY=contract, a part: ONLY=billing.post)"
	@echo "make wheels    build a Python package of each add-on"

run:
	@setup/run $(ARGS)

fresh:
	@setup/run --fresh $(if $(YES),--yes) $(ARGS)

test:
	@setup/test $(ARGS)

soak:
	@setup/soak $(ARGS)

lint:
	@setup/lint

format:
	@setup/lint --fix

docs:
	@setup/docs $(if $(FIGURES),--figures)

bench:
	@setup/bench $(ARGS)

wheels:
	@setup/wheels
