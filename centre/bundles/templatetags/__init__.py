"""What the pages of bundles say."""
