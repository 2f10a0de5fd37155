"""A second, slow evaluator of rule files, to hold the engine against.

It shares no code with the engine or the compiler: it reads the YAML itself, evaluates CEL by a tree walk of its own and
computes every measure of every trigger straight from its definition, over the whole sorted log. Nothing is incremental.
"""
