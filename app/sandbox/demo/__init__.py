"""The demo: a story played on a sandbox shop, and an oracle that says what every order must show."""
