"""Contracts between the rooms (subpackages), and small mechanics that all of them use."""
