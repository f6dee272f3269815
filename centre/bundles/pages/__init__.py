"""Pages of what vehicles are told: clerks look and stop cards, supervisors lift, withdraw and release."""
