"""The colours of everything that is shown, in figures, reports and the browser.

They are the colours of Okabe and Ito (2008), which can be told apart with any kind of colour vision. Vermilion is
used for bill interest and nothing else; each population has one hue, and its members have shades of that hue.
"""

INTEREST = "#D55E00"
"""The colour of bill interest, in every figure."""
POPULATION = {
    "issuers": "#009E73",
    "labs": "#CC79A7",
    "providers": "#0072B2",
    "investors": "#56B4E9",
    "ventures": "#E69F00",
    "government": "#4B5563",
    "vendor": "#1F2933",
    "economy": "#7B8794",
}
ORIGIN = {
    "bill_interest": INTEREST,
    "customer_revenue": "#CC79A7",
    "investor_capital": "#56B4E9",
    "credit": "#0072B2",
    "opening_cash": "#C3CAD2",
    "token_float": "#009E73",
    "trading_gains": "#F0E442",
}
ORIGIN_LABEL = {
    "bill_interest": "Bill interest",
    "customer_revenue": "Customer revenue",
    "investor_capital": "Investor capital",
    "credit": "Credit",
    "opening_cash": "Opening cash",
    "token_float": "Token float",
    "trading_gains": "Trading gains",
}
TWINS = ("#8811DD", "#663300")
"""Two worlds side by side. Violet and brown are far from each other and from all of the above with any colour
vision (a search over a grid of colours, by CIELAB distance in the simulations of Machado and others, 2009)."""
INK, MUTED, GRID, PAPER = "#1F2933", "#5B6773", "#E4E7EB", "#FFFFFF"
