"""Airfoils of the package aerosandbox as a TFDS data set."""
