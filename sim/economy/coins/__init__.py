"""Stablecoins: demand, panic redemptions (runs), how issuers pay them, income of the reserve, and laws."""
