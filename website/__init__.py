"""The documentation site: what mkdocs is told, what pages show, and the pictures of the gallery."""
