"""BigCommerce: orders by API v2, everything else by v3."""
