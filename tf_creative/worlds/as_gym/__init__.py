"""Our worlds as environments of Gymnasium, for agents of others."""
