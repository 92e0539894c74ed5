"""Many runs compared: ablations, and how fast and how dear a round is."""
