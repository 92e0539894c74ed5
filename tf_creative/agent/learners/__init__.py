"""TF-Agents' learners and the networks that they learn."""
