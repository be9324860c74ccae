"""Purchase orders fetched on a schedule."""
