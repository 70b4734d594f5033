"""Drives the sandbox through the real stripe-python, plain HTTP for pages and the control API."""
