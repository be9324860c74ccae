"""The pure core: who is short, until when, and what should be shown. No clock, no IO."""
