"""The look: words, assets, every component and every behaviour."""
