"""Charts: one module a question; each draws an Answer and queries nothing."""
