"""Configurations by name: `hlp-train --config NAME`."""
