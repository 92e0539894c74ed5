"""The contracts between the rooms, and the small mechanics that all of them use."""
