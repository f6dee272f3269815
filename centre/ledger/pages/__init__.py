"""The ledger's pages: each a table or a few, to look at or to take along as CSV."""
