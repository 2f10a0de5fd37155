"""From a checked rule set to one program: what is remembered, what is shared, and the Python that folds it."""
