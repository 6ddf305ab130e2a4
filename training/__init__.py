"""Trains and evaluates hierarchical networks on images."""
