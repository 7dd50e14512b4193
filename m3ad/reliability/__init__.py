"""How far a model can be trusted: calibrated probabilities, cases like this one, operating points with exact bounds."""
