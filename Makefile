# Short names for run.py, which does the work and needs no make.
.PHONY: report test test-all lowest lab sample workshop validate docs
report test lowest lab sample workshop validate docs:
	python3 run.py $@
test-all:
	python3 run.py test --all
