"""Painting on a small canvas, stroke by stroke."""
