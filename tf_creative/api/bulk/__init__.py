"""Makes works by the million, on Apache Beam."""
