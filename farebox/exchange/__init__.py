"""The exchange with the centre: sealed segments go there, bundles and its time come back. docs/exchange.md."""
