"""absorb → settle → write back: the way of one shop from what it was told to what it shows."""
