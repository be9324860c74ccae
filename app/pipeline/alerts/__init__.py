"""Email to staff about what needs them: what there is, in which words, and who is sent what."""
