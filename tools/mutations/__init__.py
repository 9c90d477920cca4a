"""Breaks chosen lines one at a time, in a copy of the tree, to see that the tests notice each.

A test that cannot fail proves nothing. Every line here keeps a promise about money, and each has
the tests named beside it that must fail once it is broken.
"""
