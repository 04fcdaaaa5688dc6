"""Computing: AI labs and ventures, the market for GPU hours (where the rent is set), and orders of GPUs."""
