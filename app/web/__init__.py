"""The web side: webhooks in, status pages out."""
