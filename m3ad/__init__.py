"""The domain of industrial inspection with a reflecting model: usable from a notebook; no web, no database."""
