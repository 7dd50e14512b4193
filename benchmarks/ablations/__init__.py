"""The paper's ablations again, on drawn parts, with several seeds: Tables 2 and 3, Figures 4 and 5."""
