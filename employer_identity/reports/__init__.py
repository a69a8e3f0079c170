"""Reports: a notebook that is run with parameters and becomes one document."""
