"""What questions about one case cost, and whether the occlusion map points at defects: docs/reflect-benchmark.md."""
