"""Importers, one per source layout: each yields cases, or what it refused and why; `layouts` lists them."""
