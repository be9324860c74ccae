"""Shopify: webhooks in, the GraphQL Admin API out."""
