"""Local stand-ins for the platforms, for the demo and the tests. Nothing else in `app` imports them."""
