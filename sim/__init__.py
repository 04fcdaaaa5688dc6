"""capflow: how stablecoin interest becomes AI infrastructure, with every dollar accounted for."""
