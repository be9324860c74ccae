"""A stateful Shopify shop on this machine: real schema, real arithmetic, webhooks, limits and faults.

What Shopify would refuse is refused here too; what is not modelled is an error, never a made-up answer.
"""
