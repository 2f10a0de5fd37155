"""The reference of a rule set: pages for people, made from the rules themselves."""
