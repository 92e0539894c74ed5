"""What ties imagination and hand, by name."""

COUPLINGS = {
  'environment': 'tf_creative.couplings.environment:Environment',
}
