"""What the status pages read: figures, lists and single orders, each in a fixed number of queries."""
