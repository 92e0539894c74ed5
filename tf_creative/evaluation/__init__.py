"""How good a learner is: measures, baselines, tables and the report."""
