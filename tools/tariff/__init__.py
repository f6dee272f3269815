"""`farebox tariff`: fares, passes and refunds on the command line."""
