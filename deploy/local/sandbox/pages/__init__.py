"""The pages that people see: paying, the bank's challenge, connecting, and a dashboard."""
