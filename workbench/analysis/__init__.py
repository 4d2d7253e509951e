"""Analyses: one module a question, its SQL beside it; each returns an Answer and draws nothing."""
