"""What all commands share: flags, flagfiles, help, and what is said on the screen."""
