"""The web console: pages on which people see alerts, why they are there, and what is done about them."""
