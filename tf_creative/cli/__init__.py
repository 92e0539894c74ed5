"""Shared parts of all commands: flags, help, and output on the terminal."""
