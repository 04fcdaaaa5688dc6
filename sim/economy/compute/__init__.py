"""Computing: GPU orders, hours and rents, and the labs and ventures that use them."""
