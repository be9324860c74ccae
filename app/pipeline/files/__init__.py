"""Files of purchase orders, as tools and people write them: found, understood and said before used."""
