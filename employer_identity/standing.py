"""Where a part of the respondents stands among those around it (stub)."""
