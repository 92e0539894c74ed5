"""Learners of TF-Agents, our variants of them, and their networks."""
