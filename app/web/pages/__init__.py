"""The status pages: where is my order, and why? Each module holds one page and its actions."""
