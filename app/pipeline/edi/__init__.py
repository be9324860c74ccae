"""What suppliers send by EDI: order responses and despatch advices, in X12 and EDIFACT."""
