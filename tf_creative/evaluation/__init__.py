"""Evaluates a learner: measures, baselines, tables and the report."""
